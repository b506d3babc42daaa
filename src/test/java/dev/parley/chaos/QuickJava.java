package dev.parley.chaos;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.spi.ToolProvider;

/**
 * This Java and this class path for processes of their own that live shortly: they start with an archive of their classes,
 * which the first of them to end leaves behind. One for all tests of a run.
 */
public final class QuickJava {
    private static final class Made {
        private static final Path FOLDER = folder();
        private static final String CLASS_PATH = jars(FOLDER);
    }

    private QuickJava() {}

    /** What runs a class of the product. */
    public static List<String> command(String mainClass, String heapMax) {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseCompactObjectHeaders",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-XX:+AutoCreateSharedArchive",
                "-XX:SharedArchiveFile=" + Made.FOLDER.resolve("classes.jsa"),
                "-Xlog:cds=off",
                "-Xlog:aot=off",
                "-Xmx" + heapMax,
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-classpath",
                Made.CLASS_PATH,
                mainClass);
    }

    private static Path folder() {
        try {
            return Files.createTempDirectory("parley-java");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The class path with its folders packed into jars: a class archive takes nothing else. */
    private static String jars(Path folder) {
        List<String> entries = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            if (entry.endsWith(".jar")) {
                entries.add(entry);
            } else if (Files.isDirectory(Path.of(entry)) && !entry.contains("test-classes")) {
                entries.add(jar(entry, folder.resolve("classes" + entries.size() + ".jar")));
            }
        }
        return String.join(File.pathSeparator, entries);
    }

    private static String jar(String from, Path to) {
        int failed = ToolProvider.findFirst("jar")
                .orElseThrow()
                .run(System.out, System.err, "--create", "--file", to.toString(), "-C", from, ".");
        if (failed != 0) {
            throw new IllegalStateException("jar failed on " + from);
        }
        return to.toString();
    }
}
