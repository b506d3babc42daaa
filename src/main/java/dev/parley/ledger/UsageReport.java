package dev.parley.ledger;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A provider's report of what was used: a CSV file, or answers of OpenAI's usage and costs API. See src/docs/billing.md.
 *
 * @param digest SHA-256 of the file, in hex
 * @param lines one for each model and time, in the order of the file
 * @param times what it speaks of, whether or not anything was used then
 * @param skipped results of kinds that no realtime session has, such as embeddings
 */
public record UsageReport(String digest, List<ReportLine> lines, List<Span> times, int skipped) {
    public UsageReport {
        times = List.copyOf(times);
        lines = List.copyOf(lines);
    }

    /** A time from a moment until another. */
    public record Span(Instant from, Instant to) {}

    /** Whether it speaks of all of the time from a moment until another. */
    public boolean covers(Instant from, Instant to) {
        Instant reached = from;
        for (Span time : times.stream().sorted(Comparator.comparing(Span::from)).toList()) {
            if (time.from().isAfter(reached)) {
                return false;
            }
            reached = time.to().isAfter(reached) ? time.to() : reached;
            if (!reached.isBefore(to)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Reads a report of either kind.
     *
     * @throws IllegalArgumentException with the place and what is wrong there
     */
    public static UsageReport read(byte[] file) {
        String text = text(file);
        Lines lines = new Lines();
        String start = text.stripLeading();
        if (start.startsWith("{") || start.startsWith("[")) {
            JsonReport.read(text, lines);
        } else {
            CsvReport.read(text, lines);
        }
        if (lines.merged.isEmpty()) {
            throw new IllegalArgumentException("the report has no usage of a kind that can be compared");
        }
        refuseOverlaps(lines.merged.values());
        return new UsageReport(digest(file), List.copyOf(lines.merged.values()), lines.times, lines.skipped);
    }

    /** What is told twice would be corrected twice. */
    private static void refuseOverlaps(Collection<ReportLine> lines) {
        List<ReportLine> sorted = lines.stream()
                .sorted(Comparator.comparing(ReportLine::family).thenComparing(ReportLine::from))
                .toList();
        for (int i = 1; i < sorted.size(); i++) {
            ReportLine before = sorted.get(i - 1);
            ReportLine line = sorted.get(i);
            if (before.family().equals(line.family()) && line.from().isBefore(before.to())) {
                throw new IllegalArgumentException("the times from " + before.from() + " and from " + line.from()
                        + " of " + line.model() + " overlap");
            }
        }
    }

    private static String text(byte[] file) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(file))
                    .toString();
            return text.startsWith("\ufeff") ? text.substring(1) : text;
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("the report is not UTF-8 text", e);
        }
    }

    private static String digest(byte[] file) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(file));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** What was read so far; lines of the same model and time are summed. */
    static final class Lines {
        private final Map<Key, ReportLine> merged = new LinkedHashMap<>();
        private final List<Span> times = new ArrayList<>();
        private int skipped;

        private record Key(Instant from, Instant to, String family) {}

        void add(ReportLine line) {
            merged.merge(new Key(line.from(), line.to(), line.family()), line, ReportLine::plus);
        }

        void speaksOf(Instant from, Instant to) {
            times.add(new Span(from, to));
        }

        void skip() {
            skipped++;
        }
    }
}
