package dev.parley.webhook;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Signs what is sent to a webhook after the specification "Standard Webhooks": HMAC-SHA256 over id, time and body, with a
 * key that receivers are given as {@code whsec_} and base64. Thread-safe.
 */
public final class SigningSecret {
    private static final String PREFIX = "whsec_";
    private static final String ALGORITHM = "HmacSHA256";
    private static final int KEY_BYTES = 32;
    private static final int KEY_BYTES_MIN = 24;
    private static final int KEY_BYTES_MAX = 64;

    private final byte[] key;

    /** @param key copied */
    public SigningSecret(byte[] key) {
        if (key.length < KEY_BYTES_MIN || key.length > KEY_BYTES_MAX) {
            throw new IllegalArgumentException(
                    "a webhook's secret has " + KEY_BYTES_MIN + " to " + KEY_BYTES_MAX + " bytes");
        }
        this.key = key.clone();
    }

    /** A new secret. */
    public static SigningSecret random() {
        byte[] key = new byte[KEY_BYTES];
        new SecureRandom().nextBytes(key);
        return new SigningSecret(key);
    }

    /** For its place in the database; the caller wipes it. */
    public byte[] key() {
        return key.clone();
    }

    /** As receivers are given it, once. */
    public String reveal() {
        return PREFIX + Base64.getEncoder().encodeToString(key);
    }

    /** The headers by which a receiver knows that a body is genuine and fresh. */
    Map<String, String> headers(String messageId, Instant at, String body) {
        String timestamp = Long.toString(at.getEpochSecond());
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("webhook-id", messageId);
        headers.put("webhook-timestamp", timestamp);
        headers.put("webhook-signature", "v1," + mac(messageId + '.' + timestamp + '.' + body));
        return headers;
    }

    private String mac(String text) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(new SecretKeySpec(key, ALGORITHM));
            return Base64.getEncoder().encodeToString(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("HMAC-SHA256 is not usable", e);
        }
    }

    @Override
    public String toString() {
        return "SigningSecret[****]";
    }
}
