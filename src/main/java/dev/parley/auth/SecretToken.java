package dev.parley.auth;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;

/** The form of a client secret: {@code ek_} and 256 random bits. */
public final class SecretToken {
    public static final String PREFIX = "ek_";
    private static final int BYTES = 32;
    private static final int LENGTH = PREFIX.length() + 43;

    private SecretToken() {}

    public static String random(SecureRandom random) {
        byte[] bits = new byte[BYTES];
        random.nextBytes(bits);
        return PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(bits);
    }

    /** Whether a credential is one of ours, and not a JWT. */
    public static boolean is(String credential) {
        return credential.startsWith(PREFIX);
    }

    static boolean isWellFormed(String credential) {
        return is(credential) && credential.length() == LENGTH;
    }

    /** By which it is found. It has more entropy than the hash has room for, so that it needs no salt. */
    public static byte[] hash(String token) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
