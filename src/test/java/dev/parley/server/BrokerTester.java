package dev.parley.server;

import dev.parley.auth.BrokerTokens;
import dev.parley.auth.MasterKey;
import dev.parley.concurrent.Ticker;
import dev.parley.config.BrokerConfig;
import dev.parley.config.ConfigLoader;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import dev.parley.simulator.Simulator;
import dev.parley.simulator.SimulatorOptions;
import dev.parley.store.JdbcIssuers;
import dev.parley.store.JdbcTenants;
import dev.parley.store.TestDatabase;
import dev.parley.tenancy.Tenant;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * A whole broker in this process, with a simulator as its provider and a database of its own, for one test:
 *
 * <pre>
 * try (BrokerTester tester = BrokerTester.start()) {
 *     connect(tester.url(), tester.token("alice"));
 *     assertThat(tester.simulator().books().responses()).hasSize(1);
 *     assertThat(tester.database().query("select count(*) from usage_entry")).isEqualTo("1");
 * }
 * </pre>
 *
 * The tenant {@code demo} is there. Settings are given as environment variables, such as {@code PARLEY_SESSION_DRAIN_TIMEOUT}.
 */
public final class BrokerTester implements AutoCloseable {
    public static final TenantId DEMO = new TenantId("demo");
    private static final Duration DEADLINE = Duration.ofSeconds(20);

    private final Vertx vertx = Vertx.vertx();
    private final Path folder;
    private final TestDatabase database;
    private final Simulator simulator;
    private final Map<String, String> settings;
    private final BrokerConfig config;
    private final JdbcTenants tenants;
    private final BrokerTokens tokens;
    private Broker broker;

    private BrokerTester(Map<String, String> given, SimulatorOptions options) throws Exception {
        this.folder = Files.createTempDirectory("parley-broker");
        this.database = TestDatabase.create();
        this.simulator = Simulator.start(vertx, options).await(DEADLINE.toSeconds(), TimeUnit.SECONDS);
        this.settings = environment(given);
        this.config = ConfigLoader.load(null, this.settings).config();
        this.tenants = new JdbcTenants(database.database());
        this.broker = Broker.start(config, _ -> {});
        JdbcIssuers issuers = new JdbcIssuers(
                database.database(),
                MasterKey.open(config.auth(), config.database().dataDir()));
        this.tokens = new BrokerTokens(vertx, config.auth(), issuers, Ticker.SYSTEM);
    }

    public static BrokerTester start() throws Exception {
        return start(Map.of());
    }

    /** @param settings environment variables on top of the tester's own */
    public static BrokerTester start(Map<String, String> settings) throws Exception {
        return start(settings, SimulatorOptions.DEFAULT.withSpeed(SimulatorOptions.UNLIMITED));
    }

    public static BrokerTester start(Map<String, String> settings, SimulatorOptions options) throws Exception {
        return new BrokerTester(settings, options);
    }

    /** The base for clients, such as {@code ws://127.0.0.1:40001/v1}. */
    public URI url() {
        return URI.create((config.http().tls() ? "wss" : "ws") + "://127.0.0.1:" + broker.tenantPort() + "/v1");
    }

    /** The admin plane, such as {@code http://127.0.0.1:40002}. */
    public URI adminUrl() {
        return URI.create((config.admin().tls() ? "https" : "http") + "://127.0.0.1:" + broker.adminPort());
    }

    /** The settings as environment variables, for another broker on the same database. */
    public Map<String, String> settings() {
        return settings;
    }

    public Broker broker() {
        return broker;
    }

    public Simulator simulator() {
        return simulator;
    }

    public TestDatabase database() {
        return database;
    }

    public JdbcTenants tenants() {
        return tenants;
    }

    /** A token of the demo tenant, good for an hour. */
    public String token(String subject) {
        return token(DEMO, subject);
    }

    public String token(TenantId tenant, String subject) {
        return tokens.mint(BrokerTokens.Order.of(tenant, new SubjectId(subject), Duration.ofHours(1)));
    }

    /** Makes another tenant, like the demo one but for {@code change}, which also gives it its id. */
    public void tenant(UnaryOperator<Tenant> change) {
        tenants.create(change.apply(tenants.find(DEMO).orElseThrow()));
    }

    /** Stops the broker, draining it, and starts another on the same database; the ports change. */
    public void restart() throws Exception {
        broker.close();
        broker = Broker.start(config, _ -> {});
    }

    @Override
    public void close() throws IOException {
        broker.close();
        simulator
                .close()
                .toCompletionStage()
                .toCompletableFuture()
                .orTimeout(DEADLINE.toSeconds(), TimeUnit.SECONDS)
                .join();
        vertx.close()
                .toCompletionStage()
                .toCompletableFuture()
                .orTimeout(DEADLINE.toSeconds(), TimeUnit.SECONDS)
                .join();
        database.close();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private Map<String, String> environment(Map<String, String> given) {
        Map<String, String> environment = new HashMap<>();
        environment.put("PARLEY_HTTP_HOST", "127.0.0.1");
        environment.put("PARLEY_HTTP_PORT", "0");
        environment.put("PARLEY_ADMIN_PORT", "0");
        environment.put("PARLEY_DATA_DIR", folder.toString());
        environment.put("PARLEY_DATABASE_URL", database.url());
        environment.put("PARLEY_UPSTREAM_URL", simulator.url().toString());
        environment.put("PARLEY_UPSTREAM_API_KEY", "test");
        environment.put("PARLEY_NODE_DEMO", "true");
        environment.putAll(given);
        return Map.copyOf(environment);
    }
}
