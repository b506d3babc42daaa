package dev.parley.ledger;

import dev.parley.domain.NanoUsd;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A report as a plain CSV file: a header, then a line for each day and model. An empty cell, or a column that is not there, is
 * not known. No quotes: none of the columns needs them.
 */
final class CsvReport {
    private static final String DATE = "date";
    private static final String START = "start_time";
    private static final String END = "end_time";
    private static final String MODEL = "model";
    private static final String SECONDS = "seconds";
    private static final String COST = "cost_usd";
    private static final Map<String, Figure> COUNTS = Map.of(
            "requests", Figure.REQUESTS,
            "text_in", Figure.TEXT_IN,
            "cached_text", Figure.CACHED_TEXT,
            "audio_in", Figure.AUDIO_IN,
            "cached_audio", Figure.CACHED_AUDIO,
            "image_in", Figure.IMAGE_IN,
            "cached_image", Figure.CACHED_IMAGE,
            "text_out", Figure.TEXT_OUT,
            "audio_out", Figure.AUDIO_OUT);

    private CsvReport() {}

    static void read(String text, UsageReport.Lines lines) {
        List<String> rows = text.lines().toList();
        if (rows.isEmpty()) {
            throw new IllegalArgumentException("the report is empty");
        }
        List<String> header = List.of(rows.getFirst().split(",", -1)).stream()
                .map(String::strip)
                .toList();
        check(header);
        for (int i = 1; i < rows.size(); i++) {
            if (rows.get(i).isBlank()) {
                continue;
            }
            try {
                ReportLine line = line(header, List.of(rows.get(i).split(",", -1)));
                lines.speaksOf(line.from(), line.to());
                lines.add(line);
            } catch (IllegalArgumentException | ArithmeticException e) {
                throw new IllegalArgumentException("line " + (i + 1) + ": " + e.getMessage(), e);
            }
        }
    }

    private static void check(List<String> header) {
        for (String name : header) {
            if (!COUNTS.containsKey(name)
                    && !List.of(DATE, START, END, MODEL, SECONDS, COST).contains(name)) {
                throw new IllegalArgumentException("line 1: there is no column '" + name + "'");
            }
        }
        if (Set.copyOf(header).size() < header.size()) {
            throw new IllegalArgumentException("line 1: a column is there twice");
        }
        boolean timed = header.contains(DATE) != (header.contains(START) && header.contains(END));
        if (!header.contains(MODEL) || !timed) {
            throw new IllegalArgumentException(
                    "line 1: the columns model and date (or start_time and end_time) are needed");
        }
    }

    private static ReportLine line(List<String> header, List<String> cells) {
        if (cells.size() != header.size()) {
            throw new IllegalArgumentException(cells.size() + " cells under " + header.size() + " columns");
        }
        Map<String, String> row = new HashMap<>();
        for (int i = 0; i < cells.size(); i++) {
            row.put(header.get(i), cells.get(i).strip());
        }
        Map<Figure, Long> figures = new EnumMap<>(Figure.class);
        row.forEach((name, cell) -> {
            try {
                if (!cell.isEmpty() && amount(name, cell) instanceof Amount(Figure figure, long value)) {
                    figures.put(figure, value);
                }
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException("'" + cell + "' under " + name + " is not a number", e);
            }
        });
        String model = row.getOrDefault(MODEL, "");
        String date = row.get(DATE);
        Instant from = date == null ? instant(row.getOrDefault(START, "")) : day(date);
        Instant to = date == null ? instant(row.getOrDefault(END, "")) : from.plus(Duration.ofDays(1));
        return new ReportLine(from, to, model, figures);
    }

    private record Amount(Figure figure, long value) {}

    private static @Nullable Amount amount(String name, String cell) {
        Figure count = COUNTS.get(name);
        if (count != null) {
            return new Amount(count, Long.parseLong(cell));
        }
        return switch (name) {
            case SECONDS -> new Amount(Figure.MILLIS, millis(new BigDecimal(cell)));
            case COST -> new Amount(Figure.COST, nanoUsd(new BigDecimal(cell)).value());
            default -> null;
        };
    }

    /** Rounded to a nano-dollar: reports have more decimals than that. */
    static NanoUsd nanoUsd(BigDecimal usd) {
        if (usd.precision() - usd.scale() > 10) {
            throw new IllegalArgumentException("an amount is too large");
        }
        return new NanoUsd(
                usd.movePointRight(9).setScale(0, RoundingMode.HALF_UP).longValueExact());
    }

    private static long millis(BigDecimal seconds) {
        if (seconds.precision() - seconds.scale() > 12) {
            throw new IllegalArgumentException("a time is too long");
        }
        return seconds.movePointRight(3).setScale(0, RoundingMode.HALF_UP).longValueExact();
    }

    private static Instant day(String date) {
        try {
            return LocalDate.parse(date).atStartOfDay().toInstant(ZoneOffset.UTC);
        } catch (DateTimeParseException e) {
            throw new IllegalArgumentException("'" + date + "' is not a day such as 2026-11-20", e);
        }
    }

    private static Instant instant(String time) {
        try {
            return time.matches("[0-9]{1,12}") ? Instant.ofEpochSecond(Long.parseLong(time)) : Instant.parse(time);
        } catch (DateTimeParseException e) {
            throw new IllegalArgumentException(
                    "'" + time + "' is not a time such as 2026-11-20T00:00:00Z, or seconds since 1970", e);
        }
    }
}
