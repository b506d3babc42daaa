package dev.parley.session;

import java.security.SecureRandom;
import java.util.HexFormat;

/** Ids of the events that the broker makes itself. The prefix is random, so that no client id can pass for one. */
public final class OwnEvents {
    private static final SecureRandom RANDOM = new SecureRandom();

    private final String prefix;
    private long last;

    public OwnEvents() {
        byte[] bits = new byte[8];
        RANDOM.nextBytes(bits);
        prefix = "event_parley_" + HexFormat.of().formatHex(bits) + '_';
    }

    public String next() {
        return prefix + ++last;
    }

    boolean isOwn(String eventId) {
        return eventId.startsWith(prefix);
    }
}
