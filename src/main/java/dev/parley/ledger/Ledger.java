package dev.parley.ledger;

import dev.parley.domain.Refusal;
import io.vertx.core.Future;
import java.util.Optional;

/**
 * Where usage is written down. Entries are committed in groups by one writer; while Postgres is away they wait, in memory
 * and bounded, and are tried again until they are committed. Thread-safe.
 *
 * <p>A place is claimed before work starts and used up by its entry, so an entry always finds room: nothing that was
 * admitted is ever dropped for want of it.
 */
public interface Ledger {
    /** A place for one entry, or empty when too many are open or waiting: then nothing new may start. */
    Optional<Place> claim();

    /** Why nothing may start when {@link #claim()} is empty. */
    Refusal full();

    /** Whether the database took the last group, as far as is known. */
    boolean healthy();

    /** Room for one entry; ends exactly once. */
    interface Place {
        /** Completes on the caller's context when the entry is durably committed. Fails only when the node stops. */
        Future<Void> commit(UsageEntry entry);

        /** Nothing will be written. */
        void giveBack();
    }
}
