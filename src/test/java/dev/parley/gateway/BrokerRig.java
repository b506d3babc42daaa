package dev.parley.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.auth.BrokerTokens;
import dev.parley.auth.Callers;
import dev.parley.auth.ClientSecrets;
import dev.parley.auth.JwtVerifier;
import dev.parley.auth.MasterKey;
import dev.parley.auth.SecretBox;
import dev.parley.auth.SecretVerifier;
import dev.parley.auth.TokenVerifier;
import dev.parley.cluster.ClusterPermits;
import dev.parley.cluster.Membership;
import dev.parley.cluster.NodeStore;
import dev.parley.concurrent.Blocking;
import dev.parley.concurrent.Ticker;
import dev.parley.config.AccountConfig;
import dev.parley.config.AuthConfig;
import dev.parley.config.ListenerConfig;
import dev.parley.config.Secret;
import dev.parley.config.SessionConfig;
import dev.parley.content.ContentMemory;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import dev.parley.ledger.CurrentPrices;
import dev.parley.ledger.LedgerWriter;
import dev.parley.pool.PoolEvents;
import dev.parley.pool.PoolSettings;
import dev.parley.pool.SessionPool;
import dev.parley.quota.Admission;
import dev.parley.quota.CountedAdmission;
import dev.parley.quota.GrantKeeper;
import dev.parley.quota.GrantedAdmission;
import dev.parley.quota.TenantLimits;
import dev.parley.relay.Backlogs;
import dev.parley.relay.BytesLegs;
import dev.parley.relay.RelayLimits;
import dev.parley.rest.Apis;
import dev.parley.rest.AudioTranscriptions;
import dev.parley.rest.CallsApi;
import dev.parley.rest.ProviderWebhooks;
import dev.parley.rest.TenantApi;
import dev.parley.session.SessionEvents;
import dev.parley.session.SessionRegistry;
import dev.parley.session.SessionServices;
import dev.parley.sideband.CallKeeper;
import dev.parley.sideband.CallParts;
import dev.parley.sideband.Calls;
import dev.parley.sideband.IncomingCalls;
import dev.parley.simulator.Script;
import dev.parley.simulator.Simulator;
import dev.parley.simulator.SimulatorOptions;
import dev.parley.store.JdbcCalls;
import dev.parley.store.JdbcClientSecrets;
import dev.parley.store.JdbcErrorRecorder;
import dev.parley.store.JdbcGrants;
import dev.parley.store.JdbcIncomingCalls;
import dev.parley.store.JdbcIssuers;
import dev.parley.store.JdbcLedgerStore;
import dev.parley.store.JdbcNodes;
import dev.parley.store.JdbcOrigins;
import dev.parley.store.JdbcPermits;
import dev.parley.store.JdbcPrices;
import dev.parley.store.JdbcTenants;
import dev.parley.store.JdbcUsage;
import dev.parley.store.JdbcWebhooks;
import dev.parley.store.TestDatabase;
import dev.parley.tenancy.CachedTenants;
import dev.parley.tenancy.CurrentOrigins;
import dev.parley.tenancy.Tenant;
import dev.parley.tenancy.TestTenants;
import dev.parley.turn.TurnLimits;
import dev.parley.turn.TurnUpstreams;
import dev.parley.upstream.AccountClient;
import dev.parley.upstream.Accounts;
import dev.parley.upstream.Breaker;
import dev.parley.upstream.FileUploads;
import dev.parley.upstream.UpstreamCalls;
import dev.parley.webhook.Sender;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.WebSocketConnectOptions;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;

/** A broker from listener to ledger in this process: real sockets, real Postgres, the simulator as provider. */
public final class BrokerRig implements AutoCloseable {
    private static final Duration REPLACE_BEFORE = Duration.ofSeconds(2);
    public static final String UPSTREAM_KEY = "sk-canary-upstream-key-0001";

    private final Vertx vertx = Vertx.vertx();
    private final TestDatabase database = TestDatabase.create();
    private final Blocking blocking = new Blocking(vertx, 4, 1_000, Duration.ofSeconds(5));
    private final Simulator simulator;
    private final LedgerWriter ledger;
    private final CurrentPrices prices;
    private final CurrentOrigins origins;
    private final JdbcErrorRecorder errors;
    private final JdbcTenants tenants;
    private final CachedTenants directory;
    private final Membership membership;
    private final ClusterPermits permits;
    private final GrantKeeper grants;
    private final JwtVerifier tokenVerifier;
    private final BrokerTokens tokens;
    private final JdbcIssuers issuers;
    private final Accounts accounts;
    private final FileUploads files;
    private final UpstreamCalls upstreamCalls;
    private final CallKeeper callKeeper;
    private final Path keyFolder;
    private final SecretBox box;
    private final SessionPool connector;
    private final SessionRegistry registry = new SessionRegistry(1_000, new ContentMemory(1));
    private final TenantListener listener;
    private final TurnUpstreams turns;
    private final BytesLegs legs = new BytesLegs();
    private final int port;

    public BrokerRig() throws Exception {
        this(RelayLimits.client());
    }

    public BrokerRig(RelayLimits clientLimits) throws Exception {
        this(clientLimits, TurnLimits.STANDARD);
    }

    public BrokerRig(RelayLimits clientLimits, TurnLimits turnLimits) throws Exception {
        Ticker ticker = Ticker.SYSTEM;
        simulator = get(Simulator.start(
                vertx,
                SimulatorOptions.DEFAULT.withSpeed(SimulatorOptions.UNLIMITED).withApiKeys(Set.of(UPSTREAM_KEY))));
        ledger = new LedgerWriter(vertx, new JdbcLedgerStore(database.database()), 10_000, ticker);
        prices = new CurrentPrices(new JdbcPrices(database.database())::read);
        errors = new JdbcErrorRecorder(database.database());
        tenants = new JdbcTenants(database.database());
        directory = new CachedTenants(vertx, blocking, tenants, ticker);
        membership = Membership.register(
                new JdbcNodes(database.database()),
                new NodeStore.Description("node-test", "127.0.0.1:0", "test"),
                ticker,
                _ -> {});
        membership.start();
        permits = new ClusterPermits(vertx, new JdbcPermits(database.database()), membership, ticker, _ -> {});
        grants = new GrantKeeper(new JdbcGrants(database.database()), membership, ticker);
        grants.start();
        Admission admission = new CountedAdmission(
                permits, new GrantedAdmission(vertx, new TenantLimits(), grants, membership, ledger::healthy, ticker));
        AuthConfig auth =
                new AuthConfig("parley", Duration.ofHours(24), Duration.ZERO, null, false, Duration.ofMillis(500));
        keyFolder = Files.createTempDirectory("parley-rig");
        box = MasterKey.open(auth, keyFolder);
        issuers = new JdbcIssuers(database.database(), box);
        tokens = new BrokerTokens(vertx, auth, issuers, ticker);
        tokenVerifier = new JwtVerifier(vertx, blocking, auth, issuers, directory, ticker);
        get(tokenVerifier.start());
        ClientSecrets secrets = new JdbcClientSecrets(database.database());
        TokenVerifier verifier = new SecretVerifier(tokenVerifier, secrets, blocking);
        accounts = new Accounts(
                account -> new AccountClient(vertx, account, Duration.ofSeconds(5), RelayLimits.upstream(), legs),
                () -> new Breaker(new SplittableRandom(1)));
        accounts.follow(List.of(usualAccount()), Set.of());
        // On demand only: what a test scripts is for the session that it opens next.
        connector = new SessionPool(vertx, PoolSettings.onDemand(), accounts, PoolEvents.NONE, ticker);
        SessionServices services = new SessionServices(
                connector,
                prices,
                ledger,
                verifier,
                directory,
                errors,
                ticker,
                new SessionConfig(
                        1_000,
                        50,
                        Duration.ofSeconds(10),
                        Duration.ofSeconds(10),
                        Duration.ofSeconds(5),
                        REPLACE_BEFORE,
                        10_000),
                auth.recheckInterval(),
                "node-test",
                new Backlogs(),
                SessionEvents.NONE);
        turns = new TurnUpstreams(connector, turnLimits, ticker);
        origins = new CurrentOrigins(new JdbcOrigins(database.database())::read);
        Callers callers = new Callers(verifier, directory, origins);
        files = new FileUploads(vertx, accounts);
        upstreamCalls = new UpstreamCalls(vertx, accounts, RelayLimits.upstream(), legs);
        CallParts callParts = new CallParts(
                vertx,
                services,
                admission,
                registry,
                upstreamCalls,
                new JdbcCalls(database.database()),
                blocking,
                membership,
                binding -> blocking.call(() -> secrets.use(binding)));
        callKeeper = new CallKeeper(callParts, new JdbcCalls(database.database()));
        listener = new TenantListener(
                vertx,
                new ListenerConfig("127.0.0.1", 0, null, null),
                clientLimits,
                legs,
                new RealtimeSessions(
                        services,
                        callers,
                        admission,
                        registry,
                        turns,
                        new OnlyNode(),
                        binding -> blocking.call(() -> secrets.use(binding))),
                new Apis(List.of(
                        new TenantApi(
                                callers,
                                prices,
                                new JdbcUsage(database.database()),
                                new TenantLimits(),
                                secrets,
                                blocking,
                                ticker),
                        new CallsApi(callers, new Calls(callParts, callKeeper)),
                        new ProviderWebhooks(new IncomingCalls(
                                callParts,
                                new JdbcIncomingCalls(database.database(), box),
                                new JdbcWebhooks(database.database(), box),
                                new Sender(vertx, true, ticker),
                                blocking)))),
                new AudioTranscriptions(vertx, callers, registry::refusal, admission, services, files, ticker),
                origins,
                2);
        port = get(listener.start(null));
    }

    public Vertx vertx() {
        return vertx;
    }

    public int port() {
        return port;
    }

    public Simulator simulator() {
        return simulator;
    }

    public TestDatabase database() {
        return database;
    }

    /** The settings of a broker process beside this one. */
    public Map<String, String> settings(String node) {
        return Map.of(
                "PARLEY_NODE_NAME",
                node,
                "PARLEY_DATABASE_URL",
                database.url(),
                "PARLEY_UPSTREAM_URL",
                simulator.url().toString(),
                "PARLEY_UPSTREAM_API_KEY",
                UPSTREAM_KEY,
                "PARLEY_AUTH_KEY_FILE",
                keyFolder.resolve("master.key").toString());
    }

    /** Opens and seals what is encrypted in the database. */
    public SecretBox box() {
        return box;
    }

    /** Calls that this node has taken over. */
    public long callsTakenOver() {
        return callKeeper.takenOver();
    }

    public SessionRegistry registry() {
        return registry;
    }

    /** What running responses of a tenant have set aside. */
    public NanoUsd reserved(String tenant) {
        return grants.reserved(new TenantId(tenant));
    }

    /** These accounts in place of the others. */
    void accounts(AccountConfig... others) {
        accounts.follow(List.of(others), Set.of());
    }

    /** The account that there is without {@link #accounts}. */
    AccountConfig usualAccount() {
        return AccountConfig.of("default", simulator.url(), new Secret(UPSTREAM_KEY), 500);
    }

    /** What an operator does after a provider refused the credential. */
    public void reopenAccounts() {
        accounts.all().forEach(account -> account.breaker().reset());
    }

    public LedgerWriter ledger() {
        return ledger;
    }

    public JdbcTenants tenants() {
        return tenants;
    }

    public BytesLegs legs() {
        return legs;
    }

    public BrokerRig script(String script) {
        simulator.scripts().clear();
        simulator.scripts().always(Script.parse(script));
        return this;
    }

    /** What the simulator does in the next session only. */
    public BrokerRig scriptNext(String script) {
        simulator.scripts().next(1, Script.parse(script));
        return this;
    }

    /** What the simulator does in the next so many sessions. */
    public BrokerRig scriptNext(String script, int sessions) {
        simulator.scripts().next(sessions, Script.parse(script));
        return this;
    }

    /** Makes a tenant with a roomy budget, changed as the test wants it. */
    public BrokerRig tenant(String name, UnaryOperator<Tenant> change) {
        assertThat(tenants.create(change.apply(TestTenants.roomy(name)))).isTrue();
        return this;
    }

    public BrokerRig tenant(String name) {
        return tenant(name, tenant -> tenant);
    }

    void revoke(String tenant, String token) {
        byte[] claims = Base64.getUrlDecoder().decode(token.split("\\.", -1)[1]);
        String id = new JsonObject(Buffer.buffer(claims)).getString("jti");
        issuers.revoke(new TenantId(tenant), id, Instant.now().plusSeconds(3_600));
    }

    public String token(String tenant) {
        return token(tenant, Duration.ofHours(1));
    }

    public String token(String tenant, Duration lifetime) {
        return tokens.mint(BrokerTokens.Order.of(new TenantId(tenant), new SubjectId("alice"), lifetime));
    }

    /** A token that may see what the tenant's other subjects have used. */
    public String tenantToken(String tenant) {
        return tokens.mint(new BrokerTokens.Order(
                new TenantId(tenant), new SubjectId("backend"), Duration.ofHours(1), null, OptionalInt.empty(), true));
    }

    public WireClient connect(String tenant) throws Exception {
        return connect(tenant, "?model=gpt-realtime");
    }

    public WireClient connect(String tenant, String query) throws Exception {
        return WireClient.connect(vertx, upgrade(query).addHeader("Authorization", "Bearer " + token(tenant)));
    }

    public WebSocketConnectOptions upgrade(String query) {
        return new WebSocketConnectOptions()
                .setHost("127.0.0.1")
                .setPort(port)
                .setURI("/v1/realtime" + query)
                .setTimeout(20_000);
    }

    /** A conversation in text, without voice activity. */
    public WireClient text(String tenant) throws Exception {
        WireClient client = connect(tenant);
        client.await("session.created");
        client.send("{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"output_modalities\":[\"text\"],"
                + "\"audio\":{\"input\":{\"turn_detection\":null}}}}");
        client.await("session.updated");
        return client;
    }

    /** One figure of one usage entry, found by the response's or item's id. */
    public String entry(String column, String id) {
        return database.query("select " + column + " from usage_entry where reference like '" + id + "%'");
    }

    public long entries(String tenant) {
        return Long.parseLong(database.query("select count(*) from usage_entry where tenant_id = '" + tenant + "'"));
    }

    /** Waits until no session is left, and checks that none left anything behind. */
    public void assertQuiet(String... names) {
        eventually("no session is left", () -> registry.size() == 0);
        eventually("no upstream session is left", () -> connector.openSessions() == 0);
        eventually("no ledger place is taken", () -> ledger.placesTaken() == 0);
        for (String name : names) {
            assertThat(reserved(name)).as("reserved money of " + name).isEqualTo(NanoUsd.ZERO);
            eventually(
                    "no permit of " + name + " is left",
                    () -> database.query("select count(*) from live_session where tenant_id = '" + name + "'")
                            .equals("0"));
        }
    }

    public static void eventually(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("not in time: " + what);
            }
            java.util.concurrent.locks.LockSupport.parkNanos(2_000_000);
        }
    }

    public static <T> T get(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
    }

    @Override
    public void close() {
        stopped(listener.close());
        callKeeper.close();
        upstreamCalls.close();
        grants.close();
        permits.close();
        membership.close();
        stopped(connector.close());
        files.close();
        accounts.close();
        stopped(simulator.close());
        ledger.close();
        errors.close();
        tokenVerifier.close();
        prices.close();
        origins.close();
        blocking.close();
        stopped(vertx.close());
        database.close();
    }

    private static void stopped(Future<?> stopping) {
        try {
            get(stopping);
        } catch (Exception failure) {
            throw new AssertionError("did not stop", failure);
        }
    }
}
