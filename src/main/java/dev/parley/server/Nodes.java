package dev.parley.server;

import dev.parley.cluster.ClusterPermits;
import dev.parley.cluster.Membership;
import dev.parley.cluster.NodeStore;
import dev.parley.cluster.Reaper;
import dev.parley.concurrent.Ticker;
import dev.parley.config.BrokerConfig;
import dev.parley.domain.Refusal;
import dev.parley.session.SessionRegistry;
import dev.parley.store.JdbcNodes;
import dev.parley.store.JdbcPermits;
import dev.parley.telemetry.Meters;
import io.vertx.core.Vertx;
import java.time.Duration;

/** What makes this broker one node among several on its database. */
record Nodes(Membership membership, Reaper reaper, ClusterPermits permits) {
    /** Threads that use the control connections: heartbeat, reaper, permits, news. */
    static final int THREADS = 4;

    /** Like a drain for the client: it connects again and reaches a node that counts. */
    private static final Refusal GIVEN_UP = Refusal.of(
            Refusal.Kind.DRAINING,
            "node_lost",
            "This node lost touch with the others; connect again to reach another.");

    private static final double MILLIS_PER_SECOND = 1_000;

    /** How long responses may still run when the other nodes have given this one up. */
    private static final Duration FENCED_GRACE = Duration.ofSeconds(5);

    /** Registers the node and begins its heartbeats. Blocks. */
    static Nodes start(
            Vertx vertx,
            BrokerConfig config,
            int adminPort,
            Storage storage,
            SessionRegistry registry,
            Parts parts,
            Readiness readiness) {
        NodeStore store = new JdbcNodes(storage.control());
        Membership membership = Membership.register(
                store, describe(config, adminPort), Ticker.SYSTEM, _ -> registry.endAll(FENCED_GRACE));
        parts.add("node registration", membership::close);
        membership.start();
        Reaper reaper = new Reaper(membership, store);
        parts.add("reaper of dead nodes", reaper::close);
        readiness.ask(Readiness.Condition.NODE, membership::problem);
        ClusterPermits permits = new ClusterPermits(
                vertx,
                new JdbcPermits(storage.control()),
                membership,
                Ticker.SYSTEM,
                _ -> null,
                session -> registry.end(session, GIVEN_UP));
        parts.add("session permits", permits::close);
        return new Nodes(membership, reaper, permits);
    }

    void observe(Meters meters) {
        meters.gauge("parley.node.epoch", "The epoch under which this node is registered", membership::epoch);
        meters.gauge(
                "parley.node.admitting", "1 when this node may start sessions", () -> membership.admitting() ? 1 : 0);
        meters.gauge(
                "parley.node.heartbeat.age.seconds",
                "How old the last good heartbeat is",
                () -> membership.silence().toMillis() / MILLIS_PER_SECOND);
        meters.gauge("parley.permits.held", "Sessions of this node that count", permits::held);
        meters.gauge("parley.permits.returning", "Permits not yet given back", permits::returning);
        meters.gauge("parley.permits.rounds", "Transactions that counted sessions", permits::rounds);
        meters.gauge("parley.permits.swept", "Permits that were found with no session", permits::swept);
        meters.gauge("parley.nodes.reaped", "Dead nodes that this one ended", reaper::reaped);
    }

    private static NodeStore.Description describe(BrokerConfig config, int adminPort) {
        String version = Nodes.class.getPackage().getImplementationVersion();
        return new NodeStore.Description(
                config.node().name(),
                config.admin().host() + ":" + adminPort,
                version == null ? "from sources" : version);
    }
}
