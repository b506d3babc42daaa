package dev.parley.quota;

import dev.parley.domain.Charge;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.Refusal;
import io.vertx.core.Future;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Money and tokens set aside, in every limit that applies. Ends exactly once, by settling or by releasing; a second end does
 * nothing. Used on the session's event loop.
 */
public interface Reservation {
    NanoUsd amount();

    /** The ledger's period, such as 202611, that was fixed when the money was set aside; it travels with the usage entry. */
    int period();

    /** When the money was set aside, by the database's clock as this node knows it. */
    Instant reservedAt();

    /** Sets more aside for the same work, before it has begun; if there is not enough, nothing changes. Why not, or empty. */
    Future<Optional<Refusal>> extend(NanoUsd more, long moreTokens);

    /**
     * The work is about to begin, long after the reservation was made: limits that have renewed since, or that were not there
     * then, are asked now, and those that are no more get theirs back. If one refuses, nothing changes. Why not, or empty.
     */
    Future<Optional<Refusal>> renew();

    /**
     * The work waits for something that may never come. When others need what it holds, and it has been idle for
     * {@link GrantKeeper#IDLE}, {@code yield} is called, on the caller's context: it shall release the reservation soon.
     */
    void idle(Runnable yield);

    /** The work has begun: nothing is yielded any more. */
    void busy();

    /**
     * The work used this much, which may exceed what was reserved; the rest goes back.
     *
     * @param tokens input and output together
     * @return what the usage entry has to charge; empty if the reservation had ended before
     */
    Settled settle(NanoUsd cost, long tokens);

    /** The work did not happen; all goes back. */
    void release();

    /** A settled reservation. */
    interface Settled {
        /** What the usage entry has to charge. */
        List<Charge> charges();

        /** The entry is in the ledger. */
        void recorded();
    }
}
