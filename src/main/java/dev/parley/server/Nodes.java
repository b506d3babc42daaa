package dev.parley.server;

import dev.parley.cluster.ClusterPermits;
import dev.parley.cluster.Commands;
import dev.parley.cluster.Membership;
import dev.parley.cluster.NodeControl;
import dev.parley.cluster.NodeStore;
import dev.parley.cluster.Reaper;
import dev.parley.cluster.TenantNews;
import dev.parley.concurrent.Ticker;
import dev.parley.config.BrokerConfig;
import dev.parley.domain.NodeIdentity;
import dev.parley.domain.Refusal;
import dev.parley.domain.SessionId;
import dev.parley.domain.TenantId;
import dev.parley.quota.SessionPermits;
import dev.parley.session.SessionRegistry;
import dev.parley.store.Doorbell;
import dev.parley.store.JdbcCommands;
import dev.parley.store.JdbcNodes;
import dev.parley.store.JdbcPermits;
import dev.parley.store.JdbcTenants;
import dev.parley.telemetry.Meters;
import dev.parley.tenancy.CachedTenants;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/** What makes this broker one node among several on its database. */
final class Nodes {
    /**
     * Threads that use the control connections: heartbeat, reaper, permits, commands, news of tenants, grants, sealer,
     * rollups, budget events, webhooks, upstream accounts, session directory, calls.
     */
    static final int THREADS = 13;

    /** How long responses may still run when the other nodes have given this one up. */
    private static final Duration FENCED_GRACE = Duration.ofSeconds(5);

    /** Like a drain for the client: it connects again and reaches a node that counts. */
    private static final Refusal GIVEN_UP = Refusal.of(
            Refusal.Kind.DRAINING,
            "node_lost",
            "This node lost touch with the others; connect again to reach another.");

    private static final Refusal ENDED_BY_OPERATOR =
            Refusal.of(Refusal.Kind.FORBIDDEN, "session_ended", "This session was ended by an operator.");
    private static final double MILLIS_PER_SECOND = 1_000;

    private final Membership membership;
    private final Reaper reaper;
    private final ClusterPermits permits;
    private final Commands commands;
    private final Doorbell doorbell;

    private Nodes(Membership membership, Reaper reaper, ClusterPermits permits, Commands commands, Doorbell doorbell) {
        this.membership = membership;
        this.reaper = reaper;
        this.permits = permits;
        this.commands = commands;
        this.doorbell = doorbell;
    }

    /**
     * Registers the node and begins its heartbeats. Blocks.
     *
     * @param drain begins to drain the broker; does not block
     */
    static Nodes start(
            Vertx vertx,
            NodeStore.Description description,
            Storage storage,
            CachedTenants tenants,
            SessionRegistry registry,
            Runnable drain,
            Parts parts) {
        NodeStore store = new JdbcNodes(storage.control());
        Membership membership =
                Membership.register(store, description, Ticker.SYSTEM, _ -> registry.endAll(FENCED_GRACE));
        parts.add("node registration", membership::close);
        membership.start();
        Reaper reaper = new Reaper(membership, store);
        parts.add("reaper of dead nodes", reaper::close);
        ClusterPermits permits = new ClusterPermits(
                vertx,
                new JdbcPermits(storage.control()),
                membership,
                Ticker.SYSTEM,
                session -> registry.end(session, GIVEN_UP));
        parts.add("session permits", permits::close);
        TenantNews news = new TenantNews(new JdbcTenants(storage.control()), tenants, Ticker.SYSTEM, registry::recheck);
        parts.add("news of tenants", news::close);
        Commands commands =
                new Commands(membership, new JdbcCommands(storage.control()), new Control(tenants, registry, drain));
        parts.add("commands", commands::close);
        Doorbell doorbell = new Doorbell(storage.server(), () -> {
            commands.ring();
            news.ring();
        });
        parts.add("doorbell", doorbell::close);
        return new Nodes(membership, reaper, permits, commands, doorbell);
    }

    static NodeStore.Description describe(BrokerConfig config, int adminPort) {
        String version = Nodes.class.getPackage().getImplementationVersion();
        return new NodeStore.Description(
                config.node().name(),
                address(config.admin().host()) + ":" + adminPort,
                version == null ? "from sources" : version);
    }

    /** Where the other nodes find one that listens everywhere. */
    private static String address(String host) {
        if (!host.equals("0.0.0.0") && !host.equals("::")) {
            return host.contains(":") ? "[" + host + "]" : host;
        }
        try {
            return InetAddress.getLocalHost().getHostAddress();
        } catch (UnknownHostException e) {
            return "127.0.0.1";
        }
    }

    NodeIdentity identity() {
        return membership;
    }

    SessionPermits permits() {
        return permits;
    }

    /** Why this node may not be given work now. */
    Optional<String> problem() {
        return membership.problem();
    }

    /** Tells the other nodes and the operators. */
    void draining() {
        membership.draining();
    }

    void observe(Meters meters) {
        meters.gauge("parley.node.epoch", "The epoch under which this node is registered", membership::epoch);
        meters.gauge(
                "parley.node.admitting", "1 when this node may start sessions", () -> membership.admitting() ? 1 : 0);
        meters.gauge(
                "parley.node.heartbeat.age.seconds",
                "How old the last good heartbeat is",
                () -> membership.silence().toMillis() / MILLIS_PER_SECOND);
        meters.gauge("parley.nodes.reaped", "Dead nodes that this one ended", reaper::reaped);
        meters.gauge("parley.permits.held", "Sessions of this node that count", permits::held);
        meters.gauge("parley.permits.returning", "Permits not yet given back", permits::returning);
        meters.gauge("parley.permits.rounds", "Transactions that counted sessions", permits::rounds);
        meters.gauge("parley.permits.swept", "Permits that were found with no session", permits::swept);
        meters.gauge("parley.node.commands", "Commands that this node has answered", commands::answered);
        meters.gauge("parley.node.listening", "1 when the doorbell is heard", () -> doorbell.listening() ? 1 : 0);
    }

    private record Control(CachedTenants tenants, SessionRegistry registry, Runnable begin) implements NodeControl {
        @Override
        public Future<Boolean> endSession(SessionId session) {
            return registry.end(session, ENDED_BY_OPERATOR);
        }

        @Override
        public void drain() {
            begin.run();
        }

        @Override
        public void refresh(TenantId tenant) {
            tenants.renew(tenant);
            registry.recheck(Set.of(tenant));
        }
    }
}
