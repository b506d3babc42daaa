package dev.parley.call;

import java.util.Optional;
import java.util.regex.Pattern;

/** The provider's id of a call, such as {@code rtc_…}. Everybody calls it by this one. */
public record CallId(String value) {
    private static final Pattern PATTERN = Pattern.compile("[A-Za-z0-9_-]{1,128}");

    public CallId {
        if (!PATTERN.matcher(value).matches()) {
            throw new IllegalArgumentException("no id of a call");
        }
    }

    /** Empty if the text cannot be one. */
    public static Optional<CallId> of(String text) {
        return PATTERN.matcher(text).matches() ? Optional.of(new CallId(text)) : Optional.empty();
    }

    /** The last part of a provider's {@code Location}, which is a path or a URL. */
    public static Optional<CallId> ofLocation(String location) {
        String path = location.replaceFirst("[?#].*$", "").replaceFirst("/+$", "");
        return of(path.substring(path.lastIndexOf('/') + 1));
    }

    @Override
    public String toString() {
        return value;
    }
}
