package dev.parley.session;

import dev.parley.domain.NanoUsd;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.quota.SessionPermit.WorstCase;
import dev.parley.session.Underwriter.Decision;
import io.vertx.core.Future;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One empty cover that a session always holds, so that even usage that nobody announced is charged and written down: a
 * response that the provider started while automatic responses were being switched off, or one that a client smuggled past
 * the gate.
 */
final class SpareCover {
    private static final WorstCase NOTHING = WorstCase.ofFixed(NanoUsd.ZERO, 0);

    private final Underwriter underwriter;
    private final SessionLife life;
    private @Nullable Cover cover;
    private boolean closed;

    SpareCover(Underwriter underwriter, SessionLife life) {
        this.underwriter = underwriter;
        this.life = life;
    }

    /** Gets the cover; why it cannot be had, or empty. */
    Future<Optional<Refusal>> arm() {
        return underwriter.cover(NOTHING).map(decision -> switch (decision) {
            case Decision.Covered(Cover found) -> {
                if (closed || cover != null) {
                    found.release();
                } else {
                    cover = found;
                }
                yield Optional.empty();
            }
            case Decision.Refused(Refusal refusal) -> Optional.of(refusal);
        });
    }

    /** Hands the cover out and gets another one; null if two were needed at once and the second is not there. */
    @Nullable
    Cover take() {
        Cover taken = cover;
        cover = null;
        if (!closed) {
            arm().onSuccess(refusal -> refusal.ifPresent(why -> life.end(Ending.of("broker", why))));
        }
        if (taken == null) {
            life.end(Ending.of(
                    "broker",
                    Refusal.of(Kind.OVERLOADED, "uncovered_usage", "Responses came faster than they can be paid.")));
        }
        return taken;
    }

    void close() {
        closed = true;
        Cover left = cover;
        cover = null;
        if (left != null) {
            left.release();
        }
    }
}
