package dev.parley.server;

import dev.parley.admin.AdminListener;
import dev.parley.admin.RecentTurns;
import dev.parley.admin.TenantDoor;
import dev.parley.auth.BrokerTokens;
import dev.parley.auth.Callers;
import dev.parley.auth.ClientSecrets;
import dev.parley.auth.JwtVerifier;
import dev.parley.auth.SecretVerifier;
import dev.parley.auth.TokenVerifier;
import dev.parley.concurrent.Blocking;
import dev.parley.concurrent.Ticker;
import dev.parley.config.BrokerConfig;
import dev.parley.config.SessionConfig;
import dev.parley.content.ContentMemory;
import dev.parley.domain.NodeIdentity;
import dev.parley.gateway.RealtimeSessions;
import dev.parley.gateway.SessionOpener;
import dev.parley.gateway.TenantListener;
import dev.parley.ledger.Ledger;
import dev.parley.ledger.LedgerWriter;
import dev.parley.quota.Admission;
import dev.parley.quota.CountedAdmission;
import dev.parley.quota.GrantKeeper;
import dev.parley.quota.GrantedAdmission;
import dev.parley.quota.TenantLimits;
import dev.parley.relay.Backlogs;
import dev.parley.relay.BytesLegs;
import dev.parley.rest.Api;
import dev.parley.rest.Apis;
import dev.parley.rest.AudioTranscriptions;
import dev.parley.rest.CallsApi;
import dev.parley.rest.ProviderWebhooks;
import dev.parley.rest.TenantApi;
import dev.parley.rest.Uploads;
import dev.parley.session.SessionRegistry;
import dev.parley.session.SessionServices;
import dev.parley.store.JdbcClientSecrets;
import dev.parley.store.JdbcGrants;
import dev.parley.store.JdbcLedgerStore;
import dev.parley.store.JdbcOrigins;
import dev.parley.store.JdbcUsage;
import dev.parley.store.PeriodFloor;
import dev.parley.store.Progress;
import dev.parley.store.StoreException;
import dev.parley.tenancy.CachedTenants;
import dev.parley.tenancy.CurrentOrigins;
import dev.parley.tenancy.OriginBook;
import dev.parley.turn.TurnLimits;
import dev.parley.turn.TurnUpstreams;
import dev.parley.upstream.FileUploads;
import dev.parley.webhook.Deliverer;
import dev.parley.webhook.Sender;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The composition root: makes every part of a broker in the order of their dependencies, starts them forward, and stops them
 * backward. Started and closed on a thread that may block.
 */
public final class Broker implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(Broker.class);
    private static final String DRAINING = "draining: no new sessions";
    private static final int BLOCKING_WAITING_MAX = 1_000;
    private static final int LOOK_UPS_MAX = 2;
    /** Connections of the pool that blocking work leaves to the writers of the ledger and of the errors. */
    private static final int WRITERS_CONNECTIONS = 2;

    private final BrokerConfig config;
    private final Parts parts = new Parts();
    private final Readiness readiness = new Readiness();
    private final Telemetry telemetry = new Telemetry();
    private final SessionRegistry registry;
    private volatile Lifecycle lifecycle = Lifecycle.NEW;
    private @Nullable Demo demo;
    private @Nullable Upstreams upstreams;
    private @Nullable String firstLink;
    private @Nullable Nodes nodes;
    private @Nullable Resumption resumption;
    private int tenantPort;
    private int adminPort;

    private Broker(BrokerConfig config) {
        this.config = config;
        this.registry =
                new SessionRegistry(config.session().sessionsMax(), new ContentMemory(Loops.number(config.relay())));
    }

    /**
     * Starts a broker; returns when both listeners accept connections.
     *
     * @param progress hears about slow steps
     * @throws StartException with one line for the operator; nothing is left running then
     */
    public static Broker start(BrokerConfig config, Progress progress) throws StartException {
        Broker broker = new Broker(config);
        broker.become(Lifecycle.STARTING);
        try {
            broker.startParts(progress);
        } catch (StoreException failure) {
            broker.abandonStart();
            throw new StartException(failure.getMessage(), failure);
        } catch (StartException | RuntimeException failure) {
            broker.abandonStart();
            throw failure;
        }
        broker.become(Lifecycle.STARTED);
        return broker;
    }

    /** The port that clients connect to. */
    public int tenantPort() {
        return tenantPort;
    }

    /** The port of health and metrics. */
    public int adminPort() {
        return adminPort;
    }

    /** Where sessions go, for people. */
    public String upstreams() {
        return upstreams == null ? "" : upstreams.describe();
    }

    /** The tenant to try the broker with, if the settings ask for one. */
    public Optional<Demo> demo() {
        return Optional.ofNullable(demo);
    }

    /** The path, on the admin plane, where the first owner signs in; empty if there is one. A credential: for the terminal only. */
    public Optional<String> firstLink() {
        return Optional.ofNullable(firstLink);
    }

    /**
     * Drains, then stops everything in the opposite order of the start: no new sessions, running responses finish until the
     * drain timeout, their usage is committed. Idempotent.
     */
    @Override
    public void close() {
        if (lifecycle == Lifecycle.STOPPED) {
            return;
        }
        awaitDrained(beginDrain());
        parts.stopAll();
        become(Lifecycle.STOPPED);
    }

    private void startParts(Progress progress) throws StartException {
        parts.add("telemetry", telemetry::close);
        Vertx vertx = Loops.start(config.relay(), telemetry.meters(), parts);
        Blocking blocking =
                blocking(vertx, "blocking work", Math.max(1, config.database().poolSize() - WRITERS_CONNECTIONS));
        AdminListener admin = startAdmin(vertx, blocking);
        Storage storage = Storage.open(config, parts, readiness, progress);
        CachedTenants tenants =
                new CachedTenants(vertx, blocking, storage.tenants().seenByThemselves(), Ticker.SYSTEM);
        Nodes node = startNode(vertx, storage, tenants);
        GrantKeeper grants = startGrants(storage, node); // before the writer: stopped after the last entry is written
        LedgerWriter writer = startLedger(vertx, storage, node.identity());
        ClientSecrets secrets = new JdbcClientSecrets(storage.database());
        TokenVerifier verifier = new SecretVerifier(startVerifier(vertx, storage, tenants), secrets, blocking);
        startWebhooks(vertx, storage);
        BytesLegs legs = new BytesLegs();
        Backlogs backlogs = new Backlogs();
        Upstreams upstream = Upstreams.start(vertx, config, legs, storage.accounts(), telemetry.meters(), parts);
        upstreams = upstream;
        Ledger ledger = new MeteredLedger(writer, telemetry.meters());
        Admission admission = new CountedAdmission(
                node.permits(),
                new GrantedAdmission(
                        vertx, new TenantLimits(), grants, node.identity(), writer::healthy, Ticker.SYSTEM));
        SessionServices services = new SessionServices(
                upstream.pool(),
                storage.prices(),
                ledger,
                verifier,
                tenants,
                new MeteredErrors(storage.errors(), telemetry.meters()),
                Ticker.SYSTEM,
                config.session(),
                config.auth().recheckInterval(),
                config.node().name(),
                backlogs,
                new MeteredSessions(telemetry.meters()));
        telemetry.observe(registry, upstream.pool(), legs, backlogs, writer, storage);
        BrokerTokens tokens = new BrokerTokens(vertx, config.auth(), storage.issuers(), Ticker.SYSTEM);
        startOperators(vertx, admin, storage, upstream, tokens, node.identity());
        if (config.node().demo()) {
            demo = Demo.make(storage.tenants(), tokens, config.auth().tokenLifetimeMax());
        }
        TurnUpstreams turns = new TurnUpstreams(upstream.pool(), TurnLimits.of(config.turn()), Ticker.SYSTEM);
        telemetry.observe(turns);
        parts.add("shared upstream sessions", turns::close);
        // a door of its own: who asks for sessions that are not there makes nobody else wait
        Blocking lookUps = blocking(vertx, "session look-ups", LOOK_UPS_MAX);
        Resumption resuming = Resumption.start(vertx, config, storage, lookUps, legs, registry, parts);
        telemetry.observe(resuming.nodes());
        CurrentOrigins origins = new CurrentOrigins(new JdbcOrigins(storage.database())::read);
        parts.add("origins", origins::close);
        FileUploads files = new FileUploads(vertx, upstream.accounts());
        parts.add("file uploads", files::close);
        Callers callers = new Callers(verifier, tenants, origins);
        Calling calling = Calling.start(
                vertx,
                config,
                storage,
                services,
                admission,
                registry,
                upstream.accounts(),
                legs,
                blocking,
                node.identity(),
                secrets,
                parts);
        telemetry.observe(calling.keeper());
        tenantPort = startTenantListener(
                vertx,
                blocking,
                legs,
                new RealtimeSessions(
                        services,
                        callers,
                        admission,
                        registry,
                        turns,
                        resuming.peers(),
                        binding -> blocking.call(() -> secrets.use(binding))),
                new Apis(List.of(
                        new TenantApi(
                                callers,
                                storage.prices(),
                                new JdbcUsage(storage.database()),
                                new TenantLimits(),
                                secrets,
                                blocking,
                                Ticker.SYSTEM),
                        new CallsApi(callers, calling.calls()),
                        new ProviderWebhooks(calling.incoming()))),
                new AudioTranscriptions(vertx, callers, registry::refusal, admission, services, files, Ticker.SYSTEM),
                origins);
        resuming.reachedAt(config, tenantPort, parts);
        resumption = resuming;
    }

    /** What operators use, which hears of the turns of all sessions. */
    private void startOperators(
            Vertx vertx,
            AdminListener admin,
            Storage storage,
            Upstreams upstream,
            BrokerTokens tokens,
            NodeIdentity node) {
        RecentTurns turns = new RecentTurns();
        TurnTraces traces = startTraces();
        registry.listenForTurns((session, turn) -> {
            telemetry.turn(turn);
            turns.onTurn(session, turn);
            if (traces != null) {
                traces.onTurn(session, turn);
            }
        });
        Blocking adminWork = blocking(vertx, "work of the admin plane", AdminPlane.CONNECTIONS);
        firstLink = AdminPlane.start(
                        vertx,
                        admin,
                        adminWork,
                        blocking(vertx, "what the admin plane asks of others", AdminPlane.ASKING_OTHERS),
                        storage,
                        registry,
                        turns,
                        upstream.pool()::snapshot,
                        tokens,
                        new TenantDoor(
                                reachable(config.http().host()),
                                this::tenantPort,
                                config.http().tls()),
                        node,
                        config,
                        parts)
                .firstLink()
                .orElse(null);
    }

    private @Nullable TurnTraces startTraces() {
        URI endpoint = config.traces().endpoint();
        if (endpoint == null) {
            return null;
        }
        TurnTraces traces = new TurnTraces(
                endpoint, config.traces().authorization(), config.node().name());
        parts.add("traces", traces::close);
        telemetry.meters().gauge("parley.traces.dropped", "Spans that were not sent", traces::dropped);
        return traces;
    }

    /** Where this process reaches a listener of its own. */
    private static String reachable(String host) {
        return Set.of("0.0.0.0", "::", "localhost").contains(host) ? "127.0.0.1" : host;
    }

    private AdminListener startAdmin(Vertx vertx, Blocking blocking) throws StartException {
        PemFiles pem = PemFiles.of(vertx, "admin", config.admin());
        AdminListener admin = new AdminListener(
                vertx,
                config.admin(),
                config.adminProxies(),
                () -> blocking.call(telemetry::scrape),
                readiness.checks());
        adminPort = Waiting.forListener("admin", config.admin(), admin.start(pem == null ? null : pem.options()));
        parts.add("admin listener", () -> Waiting.forStop(admin.close()));
        if (pem != null) {
            pem.watch(blocking, "admin", admin::updateTls);
        }
        return admin;
    }

    private Nodes startNode(Vertx vertx, Storage storage, CachedTenants tenants) {
        Nodes node = Nodes.start(
                vertx, Nodes.describe(config, adminPort), storage, tenants, registry, this::beginDrain, parts);
        node.observe(telemetry.meters());
        readiness.ask(Readiness.Condition.NODE, node::problem);
        nodes = node;
        return node;
    }

    private GrantKeeper startGrants(Storage storage, Nodes node) {
        GrantKeeper keeper = new GrantKeeper(new JdbcGrants(storage.control()), node.identity(), Ticker.SYSTEM);
        parts.add("grants", keeper::close);
        telemetry.observe(keeper);
        keeper.start();
        return keeper;
    }

    private LedgerWriter startLedger(Vertx vertx, Storage storage, NodeIdentity node) {
        SessionConfig session = config.session();
        LedgerWriter writer = new LedgerWriter(
                vertx, new JdbcLedgerStore(storage.database()), session.ledgerPlacesMax(), Ticker.SYSTEM);
        parts.add("ledger writer", () -> writer.drain(session.commitTimeout()));
        PeriodFloor floor = new PeriodFloor(storage.database(), node, writer::claimedSinceNanos, Ticker.SYSTEM);
        parts.add("ledger period floor", floor::close);
        readiness.ask(
                Readiness.Condition.DATABASE,
                () -> writer.healthy() ? Optional.empty() : Optional.of("Postgres does not answer in time"));
        readiness.ask(
                Readiness.Condition.LEDGER,
                () -> writer.healthy()
                        ? Optional.empty()
                        : Optional.of(writer.waiting() + " usage entries wait to be committed"));
        return writer;
    }

    private void startWebhooks(Vertx vertx, Storage storage) {
        Sender sender = new Sender(vertx, config.webhooks().allowLoopback(), Ticker.SYSTEM);
        Deliverer deliverer = new Deliverer(storage.deliveries(), sender, Ticker.SYSTEM, new SecureRandom());
        parts.add("webhooks", deliverer::close);
        telemetry.observe(deliverer);
        deliverer.start();
    }

    private JwtVerifier startVerifier(Vertx vertx, Storage storage, CachedTenants tenants) throws StartException {
        Blocking signatures = blocking(vertx, "signatures", Runtime.getRuntime().availableProcessors());
        JwtVerifier verifier =
                new JwtVerifier(vertx, signatures, config.auth(), storage.issuers(), tenants, Ticker.SYSTEM);
        Waiting.forStart("reading the token issuers", verifier.start());
        parts.add("token verifier", verifier::close);
        return verifier;
    }

    private int startTenantListener(
            Vertx vertx,
            Blocking blocking,
            BytesLegs legs,
            SessionOpener sessions,
            Api api,
            Uploads uploads,
            OriginBook origins)
            throws StartException {
        PemFiles pem = PemFiles.of(vertx, "http", config.http());
        TenantListener listener = new TenantListener(
                vertx,
                config.http(),
                TenantListener.clientLimits(config.relay()),
                legs,
                new MeteredOpener(sessions, telemetry.meters()),
                api,
                uploads,
                origins,
                Loops.number(config.relay()));
        int port = Waiting.forListener("http", config.http(), listener.start(pem == null ? null : pem.options()));
        parts.add("tenant listener", () -> Waiting.forStop(listener.close()));
        if (pem != null) {
            pem.watch(blocking, "http", listener::updateTls);
        }
        readiness.ask(Readiness.Condition.SESSIONS, this::sessionsProblem);
        return port;
    }

    private Blocking blocking(Vertx vertx, String name, int parallel) {
        Blocking blocking = new Blocking(
                vertx, parallel, BLOCKING_WAITING_MAX, config.database().acquireTimeout());
        parts.add(name, blocking::close);
        return blocking;
    }

    private Optional<String> sessionsProblem() {
        return switch (lifecycle) {
            case STARTED -> registry.draining() ? Optional.of(DRAINING) : Optional.empty();
            case NEW, STARTING -> Optional.of("starting");
            case DRAINING -> Optional.of(DRAINING);
            case STOPPED -> Optional.of("stopped");
        };
    }

    /**
     * Refuses new sessions and lets the live ones end: what SIGTERM and {@code parley node drain} have in common. Idempotent,
     * does not block.
     */
    private synchronized Future<Void> beginDrain() {
        SessionConfig session = config.session();
        if (lifecycle == Lifecycle.STARTED) {
            become(Lifecycle.DRAINING);
            LOGGER.atInfo()
                    .addKeyValue("sessions", registry.size())
                    .addKeyValue("deadline_s", session.drainTimeout().toSeconds())
                    .log("draining");
        }
        if (nodes != null) {
            nodes.draining();
        }
        Future<Void> sessions = registry.drain(session.drainTimeout());
        return resumption == null
                ? sessions
                : Future.all(sessions, resumption.drain(session.drainTimeout())).mapEmpty();
    }

    /** After the deadline the sessions cut their responses themselves, and commit what is known of them. */
    private void awaitDrained(Future<Void> drained) {
        SessionConfig session = config.session();
        Duration atMost = session.drainTimeout().plus(session.cancelTimeout()).plus(session.commitTimeout());
        try {
            Waiting.atMost(atMost, drained);
        } catch (Exception failure) {
            LOGGER.atError()
                    .addKeyValue("sessions", registry.size())
                    .setCause(failure)
                    .log("sessions did not end in time");
        }
    }

    private void abandonStart() {
        parts.stopAll();
        become(Lifecycle.STOPPED);
    }

    private void become(Lifecycle next) {
        if (!lifecycle.canBecome(next)) {
            throw new IllegalStateException("a broker that is " + lifecycle + " cannot become " + next);
        }
        lifecycle = next;
        LOGGER.atDebug().addKeyValue("state", next).log("broker");
    }
}
