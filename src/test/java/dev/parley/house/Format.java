package dev.parley.house;

import com.palantir.javaformat.java.Formatter;
import com.palantir.javaformat.java.FormatterException;
import com.palantir.javaformat.java.ImportOrderer;
import com.palantir.javaformat.java.JavaFormatterOptions;
import com.palantir.javaformat.java.RemoveUnusedImports;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The formatter: {@code mvn test-compile exec:exec@format} applies it, {@link TidyTest} holds it. */
final class Format {
    private static final Formatter FORMATTER = Formatter.createFormatter(JavaFormatterOptions.builder()
            .style(JavaFormatterOptions.Style.PALANTIR)
            .build());

    private Format() {}

    /** Formats every Java file below the folders named in {@code args}, in place. */
    public static void main(String[] args) throws IOException, FormatterException {
        for (String folder : args) {
            for (Path file : javaFiles(Path.of(folder))) {
                String source = Files.readString(file);
                String formatted = format(source);
                if (!formatted.equals(source)) {
                    Files.writeString(file, formatted);
                    System.out.println("formatted " + file);
                }
            }
        }
    }

    static List<Path> javaFiles(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .sorted()
                    .toList();
        }
    }

    static String format(String source) throws FormatterException {
        String ordered = ImportOrderer.reorderImports(source, JavaFormatterOptions.Style.PALANTIR);
        return FORMATTER.formatSource(RemoveUnusedImports.removeUnusedImports(ordered));
    }
}
