package dev.parley.call;

import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where somebody is called by SIP: a number or user, at any host or at a certain one. In small letters. */
public record CallAddress(String value) {
    private static final int LENGTH_MAX = 255;
    private static final Pattern PATTERN = Pattern.compile("[^\\s@<>;\"]+(@[^\\s@<>;\"]+)?");
    private static final Pattern URI =
            Pattern.compile("sips?:([^@<>;\\s\"]+)(?:@([^<>;:\\s\"]+))?", Pattern.CASE_INSENSITIVE);

    private static final Pattern QUOTED = Pattern.compile("\"(?:[^\"\\\\]|\\\\.)*+\"");

    public CallAddress {
        if (value.length() > LENGTH_MAX || !PATTERN.matcher(value).matches() || !value.equals(lower(value))) {
            throw new IllegalArgumentException("no address");
        }
    }

    /** As people write it; throws {@link IllegalArgumentException} if it is none. */
    public static CallAddress of(String text) {
        return new CallAddress(lower(text.replaceFirst("^sips?:", "")));
    }

    /**
     * Those that a {@code To} header names, the more exact one first; none if it cannot be read. What stands before the
     * brackets is a name, which whoever calls has chosen.
     */
    public static List<CallAddress> inHeader(String to) {
        String unnamed = QUOTED.matcher(to).replaceAll("");
        Matcher uri = URI.matcher(unnamed.substring(unnamed.indexOf('<') + 1));
        if (!uri.find() || uri.group().length() > LENGTH_MAX) {
            return List.of();
        }
        CallAddress user = new CallAddress(lower(uri.group(1)));
        return uri.group(2) == null
                ? List.of(user)
                : List.of(new CallAddress(user.value() + '@' + lower(uri.group(2))), user);
    }

    @Override
    public String toString() {
        return value;
    }

    private static String lower(String text) {
        return text.toLowerCase(Locale.ROOT);
    }
}
