package dev.parley.bench;

import dev.parley.auth.BrokerTokens;
import dev.parley.auth.MasterKey;
import dev.parley.bench.LoadConnection.Destination;
import dev.parley.concurrent.Ticker;
import dev.parley.config.BrokerConfig;
import dev.parley.config.ConfigException;
import dev.parley.config.ConfigLoader;
import dev.parley.domain.ModelName;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import dev.parley.store.Database;
import dev.parley.store.DatabaseServer;
import dev.parley.store.JdbcIssuers;
import dev.parley.store.JdbcTenants;
import dev.parley.tenancy.Budget;
import dev.parley.tenancy.BudgetPeriod;
import dev.parley.tenancy.LimitName;
import dev.parley.tenancy.Settings;
import dev.parley.tenancy.Tenant;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The real broker with everything on, in a process of its own: embedded Postgres, authentication, admission, metering, the
 * tenant listener. Only its limits are raised above what the benchmark asks for, and a session whose client has left without
 * a word waits for it for a second only. Blocks.
 */
final class BrokerProcess implements Target {
    /** A model whose conversations are in pool mode turn; those of all others have upstream sessions of their own. */
    static final String TURN_MODEL = "gpt-realtime-mini";

    private static final TenantId TENANT = new TenantId("bench");
    private static final Pattern TRANSPORT = Pattern.compile("event loop transport.*?transport=\"?(\\w+)");
    private static final int PLENTY = 100_000;
    private static final Duration STOP_MAX = Duration.ofSeconds(20);

    private final Process process;
    private final Destination destination;
    private final String transport;

    private BrokerProcess(Process process, Destination destination, String transport) {
        this.process = process;
        this.destination = destination;
        this.transport = transport;
    }

    /** @param pool settings of the pool of upstream sessions, as environment variables */
    static BrokerProcess start(
            Core core, Path folder, int upstreamPort, String path, List<String> jvmOptions, Map<String, String> pool)
            throws IOException, BenchException {
        int port = Ports.free();
        Map<String, String> settings = settings(folder, port, Ports.free(), upstreamPort);
        settings.putAll(pool);
        List<String> arguments = new ArrayList<>(jvmOptions);
        arguments.add("-Dparley.parent=" + ProcessHandle.current().pid());
        arguments.addAll(Jvm.classPath());
        arguments.addAll(List.of("dev.parley.cli.Main", "serve"));
        ProcessBuilder builder = new ProcessBuilder(core.pinned(Jvm.command(arguments)))
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("broker.log").toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("PARLEY_") || name.startsWith("OPENAI_"));
        builder.environment().putAll(settings);
        Process process = builder.start();
        try {
            Ports.awaitListening("the broker (" + folder.resolve("broker.log") + ")", process, port);
            return new BrokerProcess(
                    process, new Destination(port, path, token(settings)), transport(folder.resolve("broker.log")));
        } catch (BenchException | RuntimeException e) {
            process.destroy();
            throw e;
        }
    }

    private static Map<String, String> settings(Path folder, int port, int adminPort, int upstreamPort) {
        Map<String, String> settings = new HashMap<>();
        settings.put("PARLEY_HTTP_HOST", "127.0.0.1");
        settings.put("PARLEY_HTTP_PORT", Integer.toString(port));
        settings.put("PARLEY_ADMIN_PORT", Integer.toString(adminPort));
        settings.put("PARLEY_DATA_DIR", folder.resolve("data").toString());
        settings.put("PARLEY_UPSTREAM_URL", "ws://127.0.0.1:" + upstreamPort + "/v1");
        settings.put("PARLEY_UPSTREAM_API_KEY", "bench");
        settings.put("PARLEY_UPSTREAM_SESSIONS_MAX", Integer.toString(PLENTY));
        settings.put("PARLEY_SESSION_SESSIONS_MAX", Integer.toString(PLENTY));
        settings.put("PARLEY_RELAY_MESSAGES_PER_SECOND_MAX", Integer.toString(PLENTY));
        settings.put("PARLEY_POOL_TENANT_SESSIONS_MAX", Integer.toString(PLENTY));
        settings.put("PARLEY_POOL_TENANT_WAITING_MAX", Integer.toString(PLENTY));
        settings.put("PARLEY_NODE_DEMO", "false");
        return settings;
    }

    /** Makes the tenant of the benchmark and a token for it, as an operator would, beside the running broker. */
    private static String token(Map<String, String> settings) throws BenchException {
        BrokerConfig config;
        try {
            config = ConfigLoader.load(null, settings).config();
        } catch (ConfigException e) {
            throw new BenchException("the broker's settings are wrong: " + e.getMessage());
        }
        Vertx vertx = Vertx.vertx();
        try (DatabaseServer server = DatabaseServer.open(config.database(), DatabaseServer.Role.COMMAND, _ -> {});
                Database database = Database.open(server, config.database())) {
            new JdbcTenants(database).create(tenant());
            JdbcIssuers issuers = new JdbcIssuers(
                    database, MasterKey.open(config.auth(), config.database().dataDir()));
            return new BrokerTokens(vertx, config.auth(), issuers, Ticker.SYSTEM)
                    .mint(BrokerTokens.Order.of(TENANT, new SubjectId("bench"), Duration.ofHours(1)));
        } finally {
            vertx.close();
        }
    }

    private static Tenant tenant() {
        return Tenant.of(
                TENANT,
                "Benchmark",
                Settings.NONE
                        .with(LimitName.SESSIONS_MAX, PLENTY)
                        .with(LimitName.RESUME_WINDOW_SECONDS, 1) // not 0: what can be resumed is kept as ever
                        .withTurnModels(Set.of(new ModelName(TURN_MODEL)))
                        .with(Budget.ofMoney(Budget.MAIN, NanoUsd.ofUsd("1000000000"), BudgetPeriod.TOTAL)));
    }

    /** From the broker's own log. */
    private static String transport(Path log) throws IOException {
        Matcher matcher = TRANSPORT.matcher(Files.readString(log));
        return matcher.find() ? matcher.group(1) : "unknown";
    }

    @Override
    public String detail() {
        return "event loops on " + transport;
    }

    @Override
    public String name() {
        return "Parley";
    }

    @Override
    public Destination destination() {
        return destination;
    }

    @Override
    public long pid() {
        return process.pid();
    }

    @Override
    public void collectGarbage() throws BenchException {
        try {
            Process jcmd = new ProcessBuilder(Jvm.tool("jcmd"), Long.toString(pid()), "GC.run")
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!jcmd.waitFor(30, TimeUnit.SECONDS) || jcmd.exitValue() != 0) {
                throw new BenchException("jcmd could not collect the broker's garbage");
            }
        } catch (IOException e) {
            throw new BenchException("jcmd cannot run: " + e.getMessage());
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            throw new BenchException("interrupted");
        }
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(STOP_MAX.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
        }
    }
}
