package dev.parley.server;

import dev.parley.gateway.PeerNodes;
import dev.parley.ledger.LedgerWriter;
import dev.parley.pool.PoolSnapshot.ModelRow;
import dev.parley.pool.SessionPool;
import dev.parley.quota.GrantKeeper;
import dev.parley.relay.Backlogs;
import dev.parley.relay.BytesLegs;
import dev.parley.session.SessionRegistry;
import dev.parley.session.SessionSnapshot;
import dev.parley.session.SessionTimeline;
import dev.parley.sideband.CallKeeper;
import dev.parley.telemetry.Meters;
import dev.parley.turn.TurnUpstreams;
import dev.parley.webhook.Deliverer;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/** The meter registry of one broker, with the JVM's own meters in it. */
final class Telemetry implements AutoCloseable {
    private static final double NANOS_PER_USD = 1e9;
    private static final double MILLIS_PER_SECOND = 1_000;

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final JvmGcMetrics garbageCollection = new JvmGcMetrics();
    private final Meters meters = new Meters(registry);

    Telemetry() {
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        new UptimeMetrics().bindTo(registry);
        new FileDescriptorMetrics().bindTo(registry);
        garbageCollection.bindTo(registry);
    }

    Meters meters() {
        return meters;
    }

    /** Adds the gauge of clients whose sessions are on other nodes. */
    void observe(CallKeeper calls) {
        meters.gauge("parley.calls.taken.over", "Calls that went on with this node", calls::takenOver);
    }

    void observe(PeerNodes peers) {
        meters.gauge("parley.passages", "Clients here whose session is on another node", peers::passages);
    }

    /** Adds the gauges of parts that count for themselves. */
    void observe(
            SessionRegistry sessions,
            SessionPool upstream,
            BytesLegs legs,
            Backlogs backlogs,
            LedgerWriter ledger,
            Storage storage) {
        meters.gauge("parley.sessions", "Sessions of this node", sessions::size);
        meters.gauge("parley.sessions.parked", "Sessions that wait for their client", sessions::parked);
        meters.gauge("parley.responses.running", "Responses begun and not ended", () -> running(sessions));
        meters.gauge("parley.upstream.sessions", "Upstream sessions open or being opened", upstream::openSessions);
        observe(upstream);
        meters.gauge("parley.relay.held.bytes", "Bytes of unfinished and held messages", legs::heldBytes);
        meters.gauge("parley.backlog.bytes", "Bytes kept for clients that may come back", backlogs::bytes);
        meters.gauge("parley.ledger.places", "Places for usage entries that are claimed", ledger::placesTaken);
        meters.gauge("parley.ledger.waiting", "Usage entries not yet committed", ledger::waiting);
        meters.gauge(
                "parley.ledger.lag.seconds",
                "How long the oldest usage entry has been waiting",
                () -> ledger.oldestWaitMillis() / MILLIS_PER_SECOND);
        meters.gauge("parley.ledger.healthy", "1 when Postgres takes usage entries", () -> ledger.healthy() ? 1 : 0);
        meters.gauge("parley.ledger.failures", "Tries to commit that failed", ledger::failures);
        meters.gauge("parley.ledger.rejected", "Usage entries that could never be written", ledger::rejected);
        meters.gauge("parley.ledger.seal", "The last seal of the ledger", storage.sealer()::lastSeal);
        meters.gauge(
                "parley.ledger.seal.lag.seconds",
                "How long the oldest usage entry has been waiting for its seal",
                storage.sealer()::lagSeconds);
        meters.gauge(
                "parley.ledger.rollup.seal",
                "The last seal that this node has added to the hourly sums",
                storage.rollups()::lastSeal);
        meters.gauge(
                "parley.budgets.near",
                "Budgets of tenants of which 80 % are spent, but not all",
                () -> storage.budgets().counts().near());
        meters.gauge(
                "parley.budgets.exhausted",
                "Budgets of tenants of which all is spent",
                () -> storage.budgets().counts().exhausted());
        meters.gauge("parley.database.connections", "Connections in use", storage.database()::connectionsInUse);
        meters.gauge(
                "parley.database.waiting", "Callers that wait for a connection", storage.database()::callersWaiting);
        meters.gauge("parley.errors.dropped", "Session errors that were not recorded", storage.errors()::dropped);
    }

    /** In PgBouncer's words, see {@link dev.parley.pool.PoolSnapshot}. */
    private void observe(SessionPool pool) {
        gauge(pool, "cl.active", "Sessions that hold an upstream session", ModelRow::clActive);
        gauge(pool, "cl.waiting", "Sessions that wait for an upstream session", ModelRow::clWaiting);
        gauge(pool, "sv.active", "Upstream sessions in use", ModelRow::svActive);
        gauge(pool, "sv.idle", "Warm upstream sessions", ModelRow::svIdle);
        gauge(pool, "sv.tested", "Warm upstream sessions that are asked for a sign of life", ModelRow::svTested);
        gauge(pool, "sv.login", "Upstream sessions being connected", ModelRow::svLogin);
        gauge(pool, "sv.closing", "Upstream sessions that are ending", ModelRow::svClosing);
        meters.gauge(
                "parley.pool.maxwait.seconds",
                "How long the first of those who wait has been waiting",
                () -> pool.snapshot().maxWait().toMillis() / MILLIS_PER_SECOND);
        meters.gauge(
                "parley.pool.accounts.out",
                "Upstream accounts whose breaker keeps them from being tried",
                () -> pool.snapshot().accountsOut());
    }

    private void gauge(SessionPool pool, String name, String description, ToIntFunction<ModelRow> figure) {
        meters.gauge("parley.pool." + name, description, () -> pool.snapshot().sum(figure));
    }

    void observe(TurnUpstreams turns) {
        meters.gauge(
                "parley.turn.upstream.sessions", "Upstream sessions that sessions in turn mode share", turns::open);
    }

    /** How quick a turn was; on event loops. */
    void turn(SessionTimeline.Turn turn) {
        meters.turn(
                since(turn.asked(), turn.firstOutput()),
                since(turn.asked(), turn.firstAudio()),
                Objects.requireNonNull(since(turn.asked(), turn.done()), "a turn that is done"));
    }

    private static @Nullable Duration since(Instant asked, @Nullable Instant then) {
        return then == null ? null : Duration.between(asked, then);
    }

    void observe(GrantKeeper grants) {
        meters.gauge("parley.grants.rounds", "Rounds about budgets made with the database", grants::exchanges);
        meters.gauge(
                "parley.grants.held.usd",
                "Money of hard budgets that this node holds and has not spent",
                () -> grants.heldMoney() / NANOS_PER_USD);
    }

    void observe(Deliverer webhooks) {
        meters.gauge(
                "parley.webhooks.delivered", "Deliveries to webhooks that this node has made", webhooks::delivered);
        meters.gauge("parley.webhooks.failed", "Tries of this node that failed", webhooks::failed);
        meters.gauge("parley.webhooks.given.up", "Deliveries that this node has given up", webhooks::givenUp);
        meters.gauge("parley.webhooks.waiting", "Deliveries to be made, by whichever node", webhooks::waiting);
    }

    private static int running(SessionRegistry sessions) {
        return sessions.snapshots().stream()
                .mapToInt(SessionSnapshot::openResponses)
                .sum();
    }

    /** All meters in Prometheus's text format. */
    String scrape() {
        return registry.scrape();
    }

    @Override
    public void close() {
        garbageCollection.close();
        registry.close();
    }
}
