package dev.parley.upstream;

import io.vertx.core.MultiMap;
import java.time.Duration;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** How long a provider asks to be left alone: {@code retry-after-ms} (Azure), else {@code Retry-After} in seconds. Pure. */
final class RetryAfter {
    private static final Pattern DIGITS = Pattern.compile("\\d{1,9}");

    private RetryAfter() {}

    static @Nullable Duration of(@Nullable MultiMap headers) {
        Long millis = headers == null ? null : number(headers.get("retry-after-ms"));
        if (millis != null) {
            return Duration.ofMillis(millis);
        }
        Long seconds = headers == null ? null : number(headers.get("Retry-After"));
        return seconds == null ? null : Duration.ofSeconds(seconds);
    }

    private static @Nullable Long number(@Nullable String text) {
        return text != null && DIGITS.matcher(text.trim()).matches() ? Long.valueOf(text.trim()) : null;
    }
}
