package dev.parley.session;

import dev.parley.domain.NanoUsd;
import dev.parley.ledger.Ledger.Place;
import dev.parley.ledger.UsageEntry;
import dev.parley.quota.Reservation;
import io.vertx.core.Future;

/**
 * What one response or transcription needs before it may happen: reserved money, and a place in the ledger. Ends once, by
 * {@link #settle} or by {@link #release}.
 */
final class Cover {
    private final Reservation reservation;
    private final Place place;
    private final int outputTokensMax;
    private boolean ended;

    Cover(Reservation reservation, Place place, int outputTokensMax) {
        this.reservation = reservation;
        this.place = place;
        this.outputTokensMax = outputTokensMax;
    }

    int outputTokensMax() {
        return outputTokensMax;
    }

    int period() {
        return reservation.period();
    }

    NanoUsd amount() {
        return reservation.amount();
    }

    /** Raises the reserved money to {@code total}; false if there is not enough. */
    boolean raiseTo(NanoUsd total) {
        NanoUsd missing = total.minus(reservation.amount());
        return missing.compareTo(NanoUsd.ZERO) <= 0 || reservation.extend(missing);
    }

    /** Money first, because the next response may need what is left of it; completes when the entry is committed. */
    Future<Void> settle(UsageEntry entry) {
        end();
        reservation.settle(entry.cost());
        return place.commit(entry);
    }

    void release() {
        end();
        reservation.release();
        place.giveBack();
    }

    private void end() {
        if (ended) {
            throw new IllegalStateException("a cover ends once");
        }
        ended = true;
    }
}
