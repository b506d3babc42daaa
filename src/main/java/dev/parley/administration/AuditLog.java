package dev.parley.administration;

import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The audit log. Blocks: only for virtual threads. Thread-safe. */
public interface AuditLog {
    /**
     * Runs {@code work} in one transaction, in which every store on the same database takes part: a change and its entry are
     * both there, or neither is.
     */
    <T> T inTransaction(Supplier<T> work);

    /** Appends; others who append wait for the end of the transaction, so it comes last. */
    void append(Entry entry);

    /** Where the log ends: kept elsewhere, it shows later that nothing was cut off. */
    Checkpoint checkpoint();

    /**
     * Every way in which the log does not hold together.
     *
     * @param known what the log was once; null if nobody has kept it
     */
    List<String> problems(@Nullable Checkpoint known);

    /**
     * @param action such as {@code tenant.change}
     * @param target such as {@code tenant/acme}
     * @param before what changed, without secrets; null if there was nothing
     */
    record Entry(
            Actor actor,
            String action,
            String target,
            @Nullable JsonObject before,
            @Nullable JsonObject after) {}

    /** @param hash of the last entry, in hex; empty when there is none */
    record Checkpoint(long no, String hash) {
        @Override
        public String toString() {
            return no + ":" + hash;
        }

        /** @throws IllegalArgumentException for anything but {@code NO:HASH} */
        public static Checkpoint parse(String text) {
            int colon = text.indexOf(':');
            if (!text.matches("\\d{1,18}:([0-9a-f]{64})?")) {
                throw new IllegalArgumentException("a checkpoint is NO:HASH, as 'parley audit checkpoint' prints it");
            }
            return new Checkpoint(Long.parseLong(text.substring(0, colon)), text.substring(colon + 1));
        }
    }
}
