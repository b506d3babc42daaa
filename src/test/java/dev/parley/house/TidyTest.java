package dev.parley.house;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class TidyTest {
    private static final Path MAIN = Path.of("src/main/java");
    private static final Path TEST = Path.of("src/test/java");
    private static final int FILE_LINES_MAX = 500;

    /** Text that has no place in the sources, with what to write instead. */
    private static final Map<Pattern, String> BANNED = Map.of(
            Pattern.compile("\\.pipeTo\\("), "pipes turn text frames into binary: use relay.Leg",
            Pattern.compile("setMaxConnections\\(-1\\)"), "-1 connects nothing: set a large number",
            Pattern.compile("new Random\\(\\)"), "pass a seed, or use SecureRandom",
            Pattern.compile("Thread\\.sleep\\("), "wait for a condition or use a timer",
            Pattern.compile("\\bTO" + "DO\\b|\\bFIX" + "ME\\b"), "open an issue");

    @Test
    void sourcesAreFormatted() throws Exception {
        List<Path> unformatted = new ArrayList<>();
        for (Path folder : List.of(MAIN, TEST)) {
            for (Path file : Format.javaFiles(folder)) {
                String source = Files.readString(file);
                if (!Format.format(source).equals(source)) {
                    unformatted.add(file);
                }
            }
        }
        assertThat(unformatted).as("run: mvn test-compile exec:exec@format").isEmpty();
    }

    @Test
    void filesStaySmall() throws Exception {
        List<String> large = new ArrayList<>();
        for (Path file : Format.javaFiles(MAIN)) {
            long lines = Files.readAllLines(file).size();
            if (lines > FILE_LINES_MAX) {
                large.add(file + ": " + lines + " lines");
            }
        }
        assertThat(large).as("files above " + FILE_LINES_MAX + " lines").isEmpty();
    }

    @Test
    void bannedTextIsAbsent() throws Exception {
        List<String> found = new ArrayList<>();
        for (Path file : Format.javaFiles(MAIN)) {
            String source = Files.readString(file);
            BANNED.forEach((text, instead) -> {
                if (text.matcher(source).find()) {
                    found.add(file + ": " + text + " (" + instead + ")");
                }
            });
        }
        assertThat(found).isEmpty();
    }
}
