package dev.parley.upstream;

import io.vertx.core.MultiMap;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How long a provider asks to be left alone: {@code retry-after-ms} (Azure), else {@code Retry-After}, in seconds or as a date
 * by the provider's own clock, which {@code Date} tells. Pure.
 */
final class RetryAfter {
    private static final Pattern DIGITS = Pattern.compile("\\d{1,9}");

    private RetryAfter() {}

    static @Nullable Duration of(@Nullable MultiMap headers) {
        if (headers == null) {
            return null;
        }
        Long millis = number(headers.get("retry-after-ms"));
        if (millis != null) {
            return Duration.ofMillis(millis);
        }
        String told = headers.get("Retry-After");
        Long seconds = number(told);
        return seconds == null ? until(date(told), date(headers.get("Date"))) : Duration.ofSeconds(seconds);
    }

    private static @Nullable Duration until(@Nullable Instant then, @Nullable Instant now) {
        if (then == null || now == null) {
            return null;
        }
        return then.isAfter(now) ? Duration.between(now, then) : Duration.ZERO;
    }

    private static @Nullable Long number(@Nullable String text) {
        return text != null && DIGITS.matcher(text.trim()).matches() ? Long.valueOf(text.trim()) : null;
    }

    private static @Nullable Instant date(@Nullable String text) {
        try {
            return text == null
                    ? null
                    : ZonedDateTime.parse(text.trim(), DateTimeFormatter.RFC_1123_DATE_TIME)
                            .toInstant();
        } catch (DateTimeException notADate) {
            return null;
        }
    }
}
