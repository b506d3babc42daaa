package dev.parley.cli;

import dev.parley.config.LogConfig;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;

/** The commands of the one jar. Exit codes: 0 done, 1 failed (the reason is on stderr), 2 wrong usage. */
public final class Main {
    private static final String NETTY_WITHOUT_UNSAFE = "io.netty.noUnsafe";

    private Main() {}

    public static void main(String[] args) {
        // Netty then takes its buffers from malloc, not filled with zeros first: a quarter less CPU for 64 KB messages.
        // It reads the setting when its classes load.
        if (System.getProperty(NETTY_WITHOUT_UNSAFE) == null) {
            System.setProperty(NETTY_WITHOUT_UNSAFE, "true");
        }
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        LogSetup.forCommands(LogConfig.Level.WARN);
        return Converters.register(new CommandLine(new ParleyCommand()))
                .setOut(new PrintWriter(System.out, true, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(System.err, true, StandardCharsets.UTF_8))
                .setUsageHelpWidth(110)
                .setUsageHelpAutoWidth(false)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler(new Failures());
    }
}
