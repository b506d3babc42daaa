package dev.parley.conversation;

import java.util.concurrent.ThreadLocalRandom;

/** Opaque ids as the provider makes them: a prefix and 21 letters or digits, at most 32 characters in all. */
public final class Ids {
    private static final String ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private static final int LENGTH = 21;

    private Ids() {}

    public static String next(String prefix) {
        return prefix + letters(LENGTH);
    }

    /** The {@code obfuscation} of a delta: fills the delta up to the next multiple of 16 characters. */
    public static String obfuscation(String delta) {
        return letters(16 - delta.length() % 16);
    }

    private static String letters(int count) {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        StringBuilder text = new StringBuilder(count);
        for (int i = 0; i < count; i++) {
            text.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
        }
        return text.toString();
    }
}
