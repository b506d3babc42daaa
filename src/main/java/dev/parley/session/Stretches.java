package dev.parley.session;

import dev.parley.domain.Refusal;
import dev.parley.ledger.PriceBook.PricedModel;
import dev.parley.ledger.UsageEntry.Work;
import dev.parley.quota.SessionPermit.WorstCase;
import dev.parley.relay.Delivery;
import dev.parley.session.Underwriter.Decision;
import io.vertx.core.Future;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Pays for what is billed by the audio that is sent upstream, and of which the provider tells no usage. The audio is cut into
 * stretches: each is covered before the first of it is sent, and written down when it is over, so that what is sent is never
 * dearer than what is reserved, and what is not in the ledger yet is never longer than a stretch and what waits for its commit.
 * Lengths are those of the bytes, rounded up to a millisecond over the whole session. One event loop; asked for one thing
 * after the other.
 */
final class Stretches {
    /** How much is covered at once, when the budget has it. */
    static final long STRETCH_MILLIS = 10_000;

    private final Underwriter underwriter;
    private final UsageFiler filer;
    private final Supplier<PricedModel> price;
    private final int bytesPerMilli;

    private long sentBytes;
    private long filedMillis;
    private long coveredMillis;
    private int number;
    private boolean closed;
    private @Nullable Stretch current;
    private Future<Delivery> lastFiled = Future.succeededFuture(Delivery.asIs());

    /** The one under way, at the price of its beginning. */
    private record Stretch(Cover cover, PricedModel model) {}

    /** @param price in force now */
    Stretches(Underwriter underwriter, UsageFiler filer, Supplier<PricedModel> price, int bytesPerMilli) {
        this.underwriter = underwriter;
        this.filer = filer;
        this.price = price;
        this.bytesPerMilli = bytesPerMilli;
    }

    /** This much audio is about to be sent: it may be when this completes empty; else why it may not. */
    Future<Optional<Refusal>> send(long bytes) {
        if (closed) {
            return Future.succeededFuture(Optional.of(Ending.over()));
        }
        long before = millis(sentBytes);
        long after = millis(sentBytes + bytes);
        if (current != null && after <= coveredMillis) {
            sentBytes += bytes;
            return Future.succeededFuture(Optional.empty());
        }
        return covered(before, after).map(refusal -> {
            if (refusal.isEmpty()) {
                sentBytes += bytes;
            }
            return refusal;
        });
    }

    /** No more is sent. Completes when all of it is in the ledger. */
    Future<Delivery> close() {
        closed = true;
        file(false);
        return lastFiled;
    }

    /** The upstream is gone: what of the last stretch it has taken is not known. */
    void abandon() {
        closed = true;
        file(true);
    }

    boolean isClosed() {
        return closed;
    }

    /** The tenant's limits have changed: those that are new hold for what is covered already, too. */
    void hear() {
        Stretch stretch = current;
        if (stretch != null) {
            stretch.cover().renew().onSuccess(refusal -> {
                if (refusal.isPresent()) {
                    giveWay(stretch);
                }
            });
        }
    }

    private Future<Optional<Refusal>> covered(long before, long after) {
        long length = Math.max(STRETCH_MILLIS, after - before);
        return begin(before, length).compose(refusal -> {
            if (refusal.isEmpty() || closed) {
                return Future.succeededFuture(refusal);
            }
            return current == null
                    ? length == after - before ? Future.succeededFuture(refusal) : begin(before, after - before)
                    : raise(current, after);
        });
    }

    /** Another stretch, and the end of the one before it. */
    private Future<Optional<Refusal>> begin(long from, long length) {
        PricedModel model = price.get();
        return underwriter.cover(WorstCase.ofFixed(model.cost(length), 0)).map(decision -> switch (decision) {
            case Decision.Refused(Refusal refusal) -> Optional.of(refusal);
            case Decision.Covered(Cover cover) -> {
                if (closed) {
                    cover.release();
                    yield Optional.of(Ending.over());
                }
                file(false);
                Stretch stretch = new Stretch(cover, model);
                current = stretch;
                coveredMillis = from + length;
                cover.idle(() -> giveWay(stretch));
                yield Optional.empty();
            }
        });
    }

    /** There is not enough for another stretch: this one goes on as far as it gets. */
    private Future<Optional<Refusal>> raise(Stretch stretch, long after) {
        return stretch.cover()
                .raiseTo(stretch.model().cost(after - filedMillis), 0)
                .map(refusal -> {
                    if (refusal.isEmpty()) {
                        coveredMillis = after;
                    }
                    return refusal;
                });
    }

    /** Others need what is held: the next audio is covered anew. */
    @SuppressWarnings("ReferenceEquality") // this one or another
    private void giveWay(Stretch stretch) {
        if (current == stretch) {
            file(false);
        }
    }

    private void file(boolean lost) {
        Stretch stretch = current;
        current = null;
        if (stretch == null) {
            return;
        }
        long used = millis(sentBytes) - filedMillis;
        if (used == 0) {
            stretch.cover().release();
            return;
        }
        filedMillis += used;
        number++;
        Settlement settlement =
                lost ? Settlement.estimated(used, stretch.model()) : Settlement.counted(used, stretch.model());
        lastFiled = filer.file(
                stretch.cover(),
                new UsageFiler.Item(
                        Work.TRANSLATION, "audio_" + number, lost ? "lost" : "completed", stretch.model(), settlement),
                Delivery.asIs());
    }

    private long millis(long bytes) {
        return Math.ceilDiv(bytes, bytesPerMilli);
    }
}
