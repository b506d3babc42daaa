package dev.parley.session;

import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.ledger.Ledger;
import dev.parley.ledger.Ledger.Place;
import dev.parley.quota.SessionPermit;
import dev.parley.quota.SessionPermit.ReserveDecision;
import dev.parley.quota.SessionPermit.WorstCase;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Gets {@link Cover}s for one session. */
public final class Underwriter {
    private static final Logger LOGGER = LoggerFactory.getLogger(Underwriter.class);

    private final SessionPermit permit;
    private final Ledger ledger;

    public Underwriter(SessionPermit permit, Ledger ledger) {
        this.permit = permit;
        this.ledger = ledger;
    }

    /** Whether the work is covered. */
    public sealed interface Decision {
        record Covered(Cover cover) implements Decision {}

        record Refused(Refusal refusal) implements Decision {}
    }

    /** Never fails. */
    public Future<Decision> cover(WorstCase worstCase) {
        Optional<Place> place = ledger.claim();
        if (place.isEmpty()) {
            return Future.succeededFuture(new Decision.Refused(ledger.full()));
        }
        return permit.reserve(worstCase)
                .map(decision -> decided(worstCase, decision, place.get()))
                .otherwise(failure -> {
                    place.get().giveBack();
                    LOGGER.atError().setCause(failure).log("a reservation failed");
                    return new Decision.Refused(Refusal.of(
                                    Kind.OVERLOADED,
                                    "budget_unavailable",
                                    "The budget could not be asked. Please try again.")
                            .retryAfter(Duration.ofSeconds(2)));
                });
    }

    private static Decision decided(WorstCase worstCase, ReserveDecision decision, Place place) {
        return switch (decision) {
            case ReserveDecision.Reserved(var reservation, int outputTokensMax) ->
                new Decision.Covered(
                        new Cover(reservation, place, outputTokensMax, worstCase.inputTokens() + outputTokensMax));
            case ReserveDecision.Refused(Refusal refusal) -> {
                place.giveBack();
                yield new Decision.Refused(refusal);
            }
        };
    }
}
