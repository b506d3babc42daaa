package dev.parley.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import dev.parley.config.LogConfig;
import net.logstash.logback.encoder.LogstashEncoder;
import org.slf4j.LoggerFactory;

/** Sends the log where the settings want it, as lines for people or as JSON lines; in place of a configuration file. */
final class LogSetup {
    private static final String LINE = "%d{HH:mm:ss.SSS} %-5level %logger{0}: %msg %kvp%n";

    /** Libraries that say at INFO what only their authors want to know. */
    private static final String[] TALKATIVE = {
        "org.flywaydb", "com.zaxxer.hikari", "io.netty", "io.vertx", "org.postgresql"
    };

    private LogSetup() {}

    /** For a command whose stdout is its answer: the log goes to stderr. */
    static void forCommands(LogConfig.Level level) {
        apply(new LogConfig(LogConfig.Format.TEXT, level), "System.err");
    }

    /** For the broker: the log goes to stdout. */
    static void forBroker(LogConfig config) {
        apply(config, "System.out");
    }

    private static void apply(LogConfig config, String target) {
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        context.reset();
        ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
        console.setContext(context);
        console.setTarget(target);
        console.setEncoder(encoder(config.format(), context));
        console.start();
        Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
        root.addAppender(console);
        root.setLevel(Level.valueOf(config.level().name()));
        Level quiet = root.getLevel().isGreaterOrEqual(Level.WARN) ? root.getLevel() : Level.WARN;
        for (String library : TALKATIVE) {
            context.getLogger(library).setLevel(quiet);
        }
    }

    private static Encoder<ILoggingEvent> encoder(LogConfig.Format format, LoggerContext context) {
        Encoder<ILoggingEvent> encoder = switch (format) {
            case TEXT -> {
                PatternLayoutEncoder text = new PatternLayoutEncoder();
                text.setPattern(LINE);
                yield text;
            }
            case JSON -> new LogstashEncoder();
        };
        encoder.setContext(context);
        encoder.start();
        return encoder;
    }
}
