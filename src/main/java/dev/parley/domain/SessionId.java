package dev.parley.domain;

import java.security.SecureRandom;
import java.util.Base64;

/**
 * The broker's own id of a session: {@code psn_} and 128 random bits. It exists before any upstream session does; the
 * provider's {@code sess_…} id is recorded beside it.
 */
public record SessionId(String value) {
    private static final SecureRandom RANDOM = new SecureRandom();

    /** A new id that nobody can guess. Thread-safe. */
    public static SessionId random() {
        byte[] bits = new byte[16];
        RANDOM.nextBytes(bits);
        return new SessionId("psn_" + Base64.getUrlEncoder().withoutPadding().encodeToString(bits));
    }

    @Override
    public String toString() {
        return value;
    }
}
