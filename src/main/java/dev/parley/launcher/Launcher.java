package dev.parley.launcher;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The jar's entry point, compiled for Java 11. On Java 25 or newer it goes straight on to the commands; on an older Java it
 * finds a newer one on this machine and runs the same command with it.
 */
public final class Launcher {
    private static final int FEATURE = 25;
    private static final int FAILURE = 1;
    private static final String COMMANDS = "dev.parley.cli.Main";

    /** Names the process whose end ends the broker too; read by {@code dev.parley.cli.ParentWatch}. */
    private static final String PARENT_PROPERTY = "parley.parent";

    private Launcher() {}

    public static void main(String[] args) throws Throwable {
        int current = Runtime.version().feature();
        if (current >= FEATURE) {
            runHere(args);
            return;
        }
        Optional<Path> java = Jdks.ofThisMachine().find(FEATURE);
        if (java.isEmpty()) {
            System.err.println("Parley needs Java " + FEATURE + " and this is Java " + current + ": install a JDK "
                    + FEATURE + " (such as Temurin, https://adoptium.net) or set JAVA_HOME to one.");
            System.exit(FAILURE);
        }
        System.exit(runThere(java.get(), args));
    }

    private static void runHere(String[] args) throws Throwable {
        try {
            Class.forName(COMMANDS).getMethod("main", String[].class).invoke(null, (Object) args);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    private static int runThere(Path java, String[] args) throws InterruptedException {
        try {
            Process child = new ProcessBuilder(command(java, args)).inheritIO().start();
            // The child decides what a signal means: it drains, and ends at once when it is asked a second time.
            StopSignals.handle(signal -> child.destroy());
            return child.waitFor();
        } catch (IOException e) {
            System.err.println("cannot start " + java + ": " + e.getMessage());
            return FAILURE;
        }
    }

    private static List<String> command(Path java, String[] args) {
        List<String> command = new ArrayList<>();
        command.add(java.toString());
        command.add("-XX:+UseCompactObjectHeaders");
        command.add("--enable-native-access=ALL-UNNAMED");
        command.add("--sun-misc-unsafe-memory-access=allow");
        for (String option : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
            if (option.startsWith("-X") || option.startsWith("-D")) {
                command.add(option);
            }
        }
        command.add("-D" + PARENT_PROPERTY + "=" + ProcessHandle.current().pid());
        command.add("-classpath");
        command.add(System.getProperty("java.class.path"));
        command.add(COMMANDS);
        command.addAll(List.of(args));
        return command;
    }
}
