package dev.parley.cli;

import dev.parley.config.EffectiveSetting;
import dev.parley.config.LoadedConfig;
import dev.parley.launcher.StopSignals;
import dev.parley.server.Broker;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code parley serve}: a broker until a signal ends it. */
@Command(
        name = "serve",
        mixinStandardHelpOptions = true,
        description = {
            "Runs a broker until SIGTERM or SIGINT.",
            "It then refuses new sessions, lets running responses finish (session.drain-timeout), commits their usage and",
            "exits with 0. The same signal again, two seconds later or more, ends it at once.",
            "Without settings it runs the embedded Postgres under ./data, and the built-in simulator as the provider."
        },
        footer = {
            "",
            "Environment (config/parley.yaml lists all):",
            "  PARLEY_HTTP_PORT, PARLEY_ADMIN_PORT   8080, 8081",
            "  PARLEY_DATA_DIR                       data",
            "  PARLEY_DATABASE_URL                   such as postgresql://db:5432/parley; unset: embedded",
            "  OPENAI_API_KEY                        the real provider, wss://api.openai.com/v1",
            "  PARLEY_UPSTREAM_URL                   another provider; PARLEY_UPSTREAM_API_KEY is its key",
            "",
            "Examples:",
            "  parley serve",
            "  OPENAI_API_KEY=sk-... parley serve",
            "  PARLEY_HTTP_PORT=9080 PARLEY_LOG_FORMAT=json parley serve --config /etc/parley.yaml"
        })
final class ServeCommand implements Callable<Integer> {
    private static final Logger LOGGER = LoggerFactory.getLogger(ServeCommand.class);
    private static final int SIGNAL_EXIT_BASE = 128;
    private static final int SIGINT = 2;
    private static final int SIGTERM = 15;
    private static final Duration ECHO_MAX = Duration.ofSeconds(2);

    @Mixin
    private ConfigOption config = new ConfigOption();

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        Path file = config.chosen();
        LoadedConfig loaded = config.load();
        LogSetup.forBroker(loaded.config().log());
        logSettings(file == null ? "built-in defaults" : file.toString(), loaded.effective());
        CountDownLatch stop = new CountDownLatch(1);
        listenForSignals(stop);
        try (Broker broker = Broker.start(loaded.config(), step -> LOGGER.atInfo().log(step))) {
            LOGGER.atInfo()
                    .addKeyValue("tenants", broker.tenantPort())
                    .addKeyValue("admin", broker.adminPort())
                    .log("started");
            PrintWriter out = spec.commandLine().getOut();
            broker.demo()
                    .ifPresentOrElse(
                            demo -> Banner.print(out, broker, loaded.config(), demo),
                            () -> Banner.printFirstLink(out, broker, loaded.config()));
            ParentWatch.start(stop::countDown);
            stop.await();
        }
        LOGGER.atInfo().log("stopped");
        return 0;
    }

    /**
     * The first signal stops the broker in an orderly way; the same one again is impatience and ends the process, unless it
     * follows at once. A service manager signals every process of a group, and the launcher on an older Java passes on what
     * it hears: one wish, heard twice. Likewise Maven answers Ctrl-C with a SIGTERM to its child, which heard the SIGINT.
     */
    private static void listenForSignals(CountDownLatch stop) {
        Map<String, Long> heard = new ConcurrentHashMap<>();
        StopSignals.handle(name -> {
            long now = System.nanoTime();
            Long before = heard.putIfAbsent(name, now);
            if (before != null && now - before >= ECHO_MAX.toNanos()) {
                Runtime.getRuntime().halt(SIGNAL_EXIT_BASE + (name.equals("INT") ? SIGINT : SIGTERM));
            }
            stop.countDown();
        });
    }

    /** One line for each section; what is not the default is marked with where it comes from. */
    private static void logSettings(String source, List<EffectiveSetting> settings) {
        LOGGER.atInfo().log(
                "settings from {} and the environment; marked are those that differ from the default", source);
        String section = "";
        StringBuilder line = new StringBuilder();
        for (EffectiveSetting setting : settings) {
            int dot = setting.key().indexOf('.');
            String own = dot < 0 ? "" : setting.key().substring(0, dot);
            if (!own.equals(section) && !line.isEmpty()) {
                LOGGER.atInfo().log("  {}", line);
                line.setLength(0);
            }
            section = own;
            line.append(line.isEmpty() ? setting.key() : setting.key().substring(dot + 1))
                    .append('=')
                    .append(setting.shown())
                    .append(
                            switch (setting.origin()) {
                                case DEFAULT -> "";
                                case FILE -> " (file)";
                                case ENVIRONMENT -> " (env)";
                            })
                    .append(' ');
        }
        LOGGER.atInfo().log("  {}", line);
    }
}
