package dev.parley.server;

import dev.parley.admin.AdminListener;
import dev.parley.admin.HealthCheck;
import dev.parley.concurrent.Blocking;
import dev.parley.config.BrokerConfig;
import dev.parley.config.ListenerConfig;
import dev.parley.store.Database;
import dev.parley.store.DatabaseServer;
import dev.parley.store.Migrations;
import dev.parley.store.Progress;
import dev.parley.store.StoreException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.net.BindException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The composition root: makes every part of a broker in the order of their dependencies, starts them forward, and stops them
 * backward. Started and closed on a thread that may block.
 */
public final class Broker implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(Broker.class);
    private static final Duration START_STEP_MAX = Duration.ofSeconds(30);
    private static final Duration STOP_STEP_MAX = Duration.ofSeconds(10);
    private static final int BLOCKING_WAITING_MAX = 1_000;

    private final BrokerConfig config;
    private final Parts parts = new Parts();
    private volatile Lifecycle lifecycle = Lifecycle.NEW;
    private int tenantPort;
    private int adminPort;

    private Broker(BrokerConfig config) {
        this.config = config;
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

    /** Drains, then stops everything, in the opposite order of the start. Idempotent. */
    @Override
    public void close() {
        if (lifecycle == Lifecycle.STOPPED) {
            return;
        }
        become(Lifecycle.DRAINING);
        parts.stopAll();
        become(Lifecycle.STOPPED);
    }

    private void abandonStart() {
        parts.stopAll();
        become(Lifecycle.STOPPED);
    }

    private void startParts(Progress progress) throws StartException {
        Vertx vertx = Vertx.vertx();
        parts.add("event loops", () -> await(vertx.close(), STOP_STEP_MAX));
        DatabaseServer server = DatabaseServer.open(config.database(), DatabaseServer.Role.BROKER, progress);
        parts.add("database server", server::close);
        Migrations.apply(server, progress);
        Database database = Database.open(server, config.database());
        parts.add("database", database::close);
        Blocking blocking = new Blocking(
                vertx,
                config.database().poolSize(),
                BLOCKING_WAITING_MAX,
                config.database().acquireTimeout());
        parts.add("blocking work", blocking::close);
        startAdmin(vertx, blocking);
    }

    private void startAdmin(Vertx vertx, Blocking blocking) throws StartException {
        Telemetry telemetry = new Telemetry();
        parts.add("telemetry", telemetry::close);
        PemFiles pem = PemFiles.of(vertx, "admin", config.admin());
        AdminListener admin = new AdminListener(
                vertx,
                config.admin(),
                () -> blocking.call(telemetry::scrape),
                List.of(HealthCheck.of("lifecycle", this::lifecycleProblem)));
        adminPort = listen("admin", config.admin(), admin.start(pem == null ? null : pem.options()));
        parts.add("admin listener", () -> await(admin.close(), STOP_STEP_MAX));
        if (pem != null) {
            pem.watch(blocking, "admin", admin::updateTls);
        }
    }

    private Optional<String> lifecycleProblem() {
        return switch (lifecycle) {
            case STARTED -> Optional.empty();
            case NEW, STARTING -> Optional.of("starting");
            case DRAINING -> Optional.of("draining: no new sessions");
            case STOPPED -> Optional.of("stopped");
        };
    }

    private static int listen(String section, ListenerConfig listener, Future<Integer> started) throws StartException {
        try {
            return await(started, START_STEP_MAX);
        } catch (Exception e) {
            String where = section + ".host " + listener.host() + ", port " + listener.port();
            throw new StartException(
                    e instanceof BindException
                            ? "port " + listener.port() + " is in use: set PARLEY_"
                                    + section.toUpperCase(java.util.Locale.ROOT) + "_PORT"
                            : "cannot listen on " + where + ": " + e.getMessage(),
                    e);
        }
    }

    private void become(Lifecycle next) {
        if (!lifecycle.canBecome(next)) {
            throw new IllegalStateException("a broker that is " + lifecycle + " cannot become " + next);
        }
        lifecycle = next;
        LOGGER.atDebug().addKeyValue("state", next).log("broker");
    }

    private static <T> T await(Future<T> future, Duration deadline) throws Exception {
        try {
            return future.await(deadline.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new TimeoutException("not done within " + deadline.toSeconds() + " s");
        }
    }
}
