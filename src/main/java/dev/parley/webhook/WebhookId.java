package dev.parley.webhook;

import java.security.SecureRandom;
import java.util.Base64;
import java.util.regex.Pattern;

/** The id of a webhook: {@code wh_} and 128 random bits. */
public record WebhookId(String value) {
    private static final Pattern SHAPE = Pattern.compile("wh_[A-Za-z0-9_-]{22}");
    private static final int BYTES = 16;
    private static final SecureRandom RANDOM = new SecureRandom();

    public WebhookId {
        if (!SHAPE.matcher(value).matches()) {
            throw new IllegalArgumentException(
                    "'" + value + "' is not the id of a webhook, such as 'webhook list' shows");
        }
    }

    /** A new id. Thread-safe. */
    public static WebhookId random() {
        byte[] bits = new byte[BYTES];
        RANDOM.nextBytes(bits);
        return new WebhookId("wh_" + Base64.getUrlEncoder().withoutPadding().encodeToString(bits));
    }

    @Override
    public String toString() {
        return value;
    }
}
