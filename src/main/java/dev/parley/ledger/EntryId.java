package dev.parley.ledger;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.UUID;

/** Derives the ids of usage entries, so that the same usage always has the same id. */
public final class EntryId {
    private EntryId() {}

    /**
     * A name-based UUID (RFC 9562 version 8, SHA-256) of the upstream session, the work and its reference. When the upstream session
     * has no id, the broker's own session id stands in for it.
     */
    public static UUID of(String upstreamSession, UsageEntry.Work work, String reference) {
        String name = upstreamSession + '\n' + work + '\n' + reference;
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.UTF_8));
            long high = 0;
            long low = 0;
            for (int i = 0; i < 8; i++) {
                high = (high << 8) | (hash[i] & 0xff);
                low = (low << 8) | (hash[8 + i] & 0xff);
            }
            return new UUID((high & ~0xf000L) | 0x8000L, (low & 0x3fff_ffff_ffff_ffffL) | 0x8000_0000_0000_0000L);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
