package dev.parley.dialect;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.dialect.Dialect.Translation;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Whatever is put into an event: no exception, and nothing that needs no translation changes. Prints its seed. */
class DialectFuzzTest {
    private static final int ROUNDS = 20_000;
    private static final Pattern EVENT = Pattern.compile("\\{\"from\":\"[a-z]+\",\"event\":(.*)}");
    private static final List<String> VALUES = List.of(
            "null",
            "true",
            "-1.50e+3",
            "1e999999999",
            "\"\"",
            "\"\\ud83d\\ude00\\u0000\"",
            "[]",
            "{}",
            "[[[{\"type\":\"message\",\"role\":\"assistant\"}]]]",
            "{\"type\":\"realtime\",\"audio\":null,\"voice\":{}}",
            "{\"audio\":{\"output\":7,\"input\":[]},\"modalities\":{\"audio\":1}}",
            "[{\"role\":\"assistant\",\"content\":[null,{\"type\":5},{\"type\":\"output_text\"}]}]",
            "[".repeat(200) + "]".repeat(200),
            "{\"a\":".repeat(1_000) + "1" + "}".repeat(1_000));

    @Test
    void survivesWhateverStandsInAnEvent() throws IOException {
        long seed = System.nanoTime();
        System.out.println("dialect fuzz, seed " + seed);
        SplittableRandom random = new SplittableRandom(seed);
        List<String> seeds = events();
        int changed = 0;
        for (int round = 0; round < ROUNDS; round++) {
            String event = mutated(seeds.get(random.nextInt(seeds.size())), random);
            BetaDialect dialect = new BetaDialect(random.nextBoolean(), new ModelAlias("a", "b"));
            for (Translation translation : List.of(
                    dialect.fromClient(Buffer.buffer(event)),
                    dialect.toClient(Buffer.buffer(event)),
                    new AliasDialect(new ModelAlias("a", "b")).fromClient(Buffer.buffer(event)))) {
                changed += translation instanceof Translation.Changed ? 1 : 0;
            }
        }
        assertThat(changed).as("some were translated all the same").isPositive();
    }

    @Test
    void leavesWhatNeedsNoTranslationAsItIs() {
        for (String type : List.of(
                "rate_limits.updated", "response.content_part.added", "input_audio_buffer.append", "unheard.of", "")) {
            for (String value : VALUES) {
                Buffer event = Buffer.buffer("{\"type\":\"" + type + "\",\"twice\":1,\"twice\":" + value + "}");
                assertThat(new BetaDialect(false, null).toClient(event)).isEqualTo(Translation.UNCHANGED);
                assertThat(new BetaDialect(false, null).fromClient(event)).isEqualTo(Translation.UNCHANGED);
            }
        }
    }

    @Test
    void leavesDuplicateKeysToWhoeverJudgesTheEvent() {
        Buffer twice = Buffer.buffer("{\"type\":\"session.update\",\"session\":{\"voice\":\"a\",\"voice\":\"b\"}}");

        assertThat(new BetaDialect(false, null).fromClient(twice)).isEqualTo(Translation.UNCHANGED);
    }

    /** A value replaced, a member added or doubled, a byte lost or changed. */
    private static String mutated(String event, SplittableRandom random) {
        String value = VALUES.get(random.nextInt(VALUES.size()));
        int at = random.nextInt(event.length());
        return switch (random.nextInt(5)) {
            case 0 -> {
                int colon = event.indexOf(':', at);
                int end = Math.min(after(event, ',', colon), after(event, '}', colon));
                yield colon < 0 || end == event.length()
                        ? event
                        : event.substring(0, colon + 1) + value + event.substring(end);
            }
            case 1 -> "{\"added\":" + value + "," + event.substring(1);
            case 2 -> event.substring(0, event.length() - 1) + ",\"session\":" + value + ",\"item\":" + value + "}";
            case 3 -> event.substring(0, at) + event.substring(at + 1);
            default -> {
                byte[] bytes = event.getBytes(StandardCharsets.UTF_8);
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
                yield new String(bytes, StandardCharsets.ISO_8859_1);
            }
        };
    }

    private static int after(String text, char sign, int from) {
        int found = text.indexOf(sign, Math.max(0, from));
        return found < 0 ? text.length() : found;
    }

    private static List<String> events() throws IOException {
        List<String> events = new ArrayList<>();
        for (String name : List.of("conversation", "transcription")) {
            for (String shape : List.of("beta", "ga")) {
                for (String line :
                        Files.readAllLines(Path.of("src/test/resources/dialect/" + name + "." + shape + ".jsonl"))) {
                    var matcher = EVENT.matcher(line);
                    assertThat(matcher.matches()).isTrue();
                    if (!matcher.group(1).equals("null")) {
                        events.add(matcher.group(1));
                    }
                }
            }
        }
        return events;
    }
}
