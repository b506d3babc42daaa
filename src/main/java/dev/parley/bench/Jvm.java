package dev.parley.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** How to start a Java process like this one. */
final class Jvm {
    private Jvm() {}

    static List<String> command(List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(tool("java"));
        command.add("-XX:+UseCompactObjectHeaders");
        command.add("--enable-native-access=ALL-UNNAMED");
        command.add("--sun-misc-unsafe-memory-access=allow");
        command.addAll(arguments);
        return command;
    }

    static List<String> classPath() {
        return List.of("-classpath", System.getProperty("java.class.path"));
    }

    static String tool(String name) {
        return Path.of(System.getProperty("java.home"), "bin", name).toString();
    }
}
