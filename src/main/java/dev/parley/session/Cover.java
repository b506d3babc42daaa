package dev.parley.session;

import dev.parley.domain.Charge;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.Refusal;
import dev.parley.ledger.Ledger.Place;
import dev.parley.ledger.UsageEntry;
import dev.parley.quota.Reservation;
import dev.parley.quota.Reservation.Settled;
import io.vertx.core.Future;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * What one response or transcription needs before it may happen: reserved money, and a place in the ledger. Ends once, by
 * {@link #settle} or by {@link #release}.
 */
public final class Cover {
    private final Reservation reservation;
    private final Place place;
    private final int outputTokensMax;
    private long tokens;
    private boolean ended;

    /** @param tokens what is reserved of limits on tokens */
    Cover(Reservation reservation, Place place, int outputTokensMax, long tokens) {
        this.tokens = tokens;
        this.reservation = reservation;
        this.place = place;
        this.outputTokensMax = outputTokensMax;
    }

    public int outputTokensMax() {
        return outputTokensMax;
    }

    int period() {
        return reservation.period();
    }

    NanoUsd amount() {
        return reservation.amount();
    }

    Instant reservedAt() {
        return reservation.reservedAt();
    }

    long tokens() {
        return tokens;
    }

    /**
     * Raises what is reserved to {@code total}, before the work has begun; why it cannot be, or empty. An ended cover is not
     * raised.
     */
    Future<Optional<Refusal>> raiseTo(NanoUsd total, long totalTokens) {
        long missing = Math.max(0, total.value() - reservation.amount().value());
        long missingTokens = Math.max(0, totalTokens - tokens);
        if (missing == 0 && missingTokens == 0 && !ended) {
            return Future.succeededFuture(Optional.empty());
        }
        return reservation.extend(new NanoUsd(missing), missingTokens).map(refusal -> {
            if (refusal.isEmpty()) {
                tokens += missingTokens;
            }
            return refusal;
        });
    }

    /** The work is about to begin: limits that have renewed since are asked anew. Why they refuse, or empty. */
    Future<Optional<Refusal>> renew() {
        return reservation.renew();
    }

    /** The work may never come: the cover is yielded when others need what it holds. */
    void idle(Runnable yield) {
        reservation.idle(yield);
    }

    /** The work has begun. */
    void busy() {
        reservation.busy();
    }

    /**
     * Money first, because the next response may need what is left of it; completes when the entry is committed.
     *
     * @param entry made of what it has to charge
     */
    Future<Void> settle(NanoUsd cost, long usedTokens, Function<List<Charge>, UsageEntry> entry) {
        end();
        Settled settled = reservation.settle(cost, usedTokens);
        return place.commit(entry.apply(settled.charges())).onSuccess(_ -> settled.recorded());
    }

    public void release() {
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
