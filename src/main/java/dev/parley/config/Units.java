package dev.parley.config;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations such as {@code 30s} and sizes such as {@code 4MiB}: always with a unit, so that no number can be misread. */
public final class Units {
    private static final Pattern QUANTITY = Pattern.compile("(\\d{1,12})\\s*([A-Za-z]+)");
    private static final Map<String, Long> MILLIS = new LinkedHashMap<>();
    private static final Map<String, Long> BYTES = new LinkedHashMap<>();

    static {
        MILLIS.put("d", 86_400_000L);
        MILLIS.put("h", 3_600_000L);
        MILLIS.put("m", 60_000L);
        MILLIS.put("s", 1_000L);
        MILLIS.put("ms", 1L);
        BYTES.put("GiB", 1L << 30);
        BYTES.put("MiB", 1L << 20);
        BYTES.put("KiB", 1L << 10);
        BYTES.put("B", 1L);
    }

    private Units() {}

    /** @throws IllegalArgumentException if {@code text} is not a number with one of the units ms, s, m, h, d */
    public static Duration duration(String text) {
        return Duration.ofMillis(parse(text, MILLIS, "a duration such as 250ms, 30s, 5m, 1h or 7d"));
    }

    /** @throws IllegalArgumentException if {@code text} is not a number with one of the units B, KiB, MiB, GiB */
    public static long size(String text) {
        return parse(text, BYTES, "a size such as 512KiB, 4MiB or 1GiB");
    }

    /** The duration in the largest unit that fits without a rest. */
    public static String show(Duration duration) {
        return show(duration.toMillis(), MILLIS, "0s");
    }

    /** The size in the largest unit that fits without a rest. */
    public static String show(long bytes) {
        return show(bytes, BYTES, "0B");
    }

    private static long parse(String text, Map<String, Long> units, String expected) {
        Matcher matcher = QUANTITY.matcher(text.trim());
        Long unit = matcher.matches() ? units.get(matcher.group(2)) : null;
        if (unit == null) {
            throw new IllegalArgumentException(expected);
        }
        try {
            return Math.multiplyExact(Long.parseLong(matcher.group(1)), unit);
        } catch (ArithmeticException tooLarge) {
            throw new IllegalArgumentException(expected, tooLarge);
        }
    }

    private static String show(long value, Map<String, Long> units, String zero) {
        if (value == 0) {
            return zero;
        }
        for (Map.Entry<String, Long> unit : units.entrySet()) {
            if (value % unit.getValue() == 0) {
                return value / unit.getValue() + unit.getKey();
            }
        }
        throw new IllegalStateException("the smallest unit divides everything");
    }
}
