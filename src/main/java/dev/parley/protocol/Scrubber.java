package dev.parley.protocol;

import java.util.regex.Pattern;

/**
 * Takes out of the provider's messages what belongs to the provider's account and to nobody else: keys and their fragments,
 * organisation and project ids, figures of rate limits. Pure.
 */
public final class Scrubber {
    private static final Pattern KEY = Pattern.compile("\\b(?:sk|ek|rk|pk)[-_][A-Za-z0-9_*.-]{3,}");
    private static final Pattern ACCOUNT = Pattern.compile("\\b(?:org|proj|user|acct)[-_][A-Za-z0-9]{6,}");
    private static final Pattern BEARER = Pattern.compile("(?i)\\bbearer\\s+\\S+");
    private static final Pattern JWT = Pattern.compile("\\beyJ[A-Za-z0-9_-]{5,}\\.[A-Za-z0-9_.-]+");
    /** "Limit 40000, Used 39000, Requested 3000" of a rate limit. */
    private static final Pattern FIGURE = Pattern.compile("\\b(?:Limit|Used|Requested|Remaining):?\\s+\\d[\\d,.]*");

    private static final Pattern NOT_CODE = Pattern.compile("[^A-Za-z0-9_.-]");
    private static final int CODE_LENGTH_MAX = 64;
    private static final int MESSAGE_LENGTH_MAX = 500;

    private Scrubber() {}

    /** The message without account facts, at most 500 characters. */
    public static String scrub(String message) {
        String bounded =
                message.length() <= 4 * MESSAGE_LENGTH_MAX ? message : message.substring(0, 4 * MESSAGE_LENGTH_MAX);
        String clean = BEARER.matcher(bounded).replaceAll("[credential]");
        clean = JWT.matcher(clean).replaceAll("[credential]");
        clean = KEY.matcher(clean).replaceAll("[key]");
        clean = ACCOUNT.matcher(clean).replaceAll("[account]");
        clean = FIGURE.matcher(clean).replaceAll("[limit]");
        return clean.length() <= MESSAGE_LENGTH_MAX ? clean : clean.substring(0, MESSAGE_LENGTH_MAX);
    }

    /** A foreign error code, fit for a log key or a column: bounded, and nothing but letters, digits and {@code _.-}. */
    public static String code(String code) {
        String bounded = code.length() <= CODE_LENGTH_MAX ? code : code.substring(0, CODE_LENGTH_MAX);
        return NOT_CODE.matcher(bounded).replaceAll("_");
    }
}
