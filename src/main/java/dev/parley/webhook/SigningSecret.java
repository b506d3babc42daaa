package dev.parley.webhook;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Arrays;
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
    private static final String VERSION = "v1,";
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

    /** As a receiver was given it: {@code whsec_} and base64. Throws {@link IllegalArgumentException} if it is none. */
    public static SigningSecret of(String revealed) {
        String text = revealed.startsWith(PREFIX) ? revealed.substring(PREFIX.length()) : revealed;
        return new SigningSecret(Base64.getDecoder().decode(text));
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
        headers.put(
                "webhook-signature",
                VERSION + mac((messageId + '.' + timestamp + '.' + body).getBytes(StandardCharsets.UTF_8)));
        return headers;
    }

    /**
     * Whether one of these signatures, with spaces between them, is of this secret. Takes as long whatever is wrong.
     *
     * @param timestamp as it was sent
     */
    public boolean hasSigned(String messageId, String timestamp, byte[] body, String signatures) {
        byte[] head = (messageId + '.' + timestamp + '.').getBytes(StandardCharsets.UTF_8);
        byte[] signed = Arrays.copyOf(head, head.length + body.length);
        System.arraycopy(body, 0, signed, head.length, body.length);
        byte[] genuine = (VERSION + mac(signed)).getBytes(StandardCharsets.US_ASCII);
        boolean found = false;
        for (String signature : signatures.split(" ", -1)) {
            found |= MessageDigest.isEqual(genuine, signature.getBytes(StandardCharsets.UTF_8));
        }
        return found;
    }

    private String mac(byte[] text) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(new SecretKeySpec(key, ALGORITHM));
            return Base64.getEncoder().encodeToString(mac.doFinal(text));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("HMAC-SHA256 is not usable", e);
        }
    }

    @Override
    public String toString() {
        return "SigningSecret[****]";
    }
}
