package dev.parley.ledger;

import dev.parley.domain.Charge;
import dev.parley.domain.ModelName;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.SessionId;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import dev.parley.domain.TokenUsage;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One immutable row of the ledger: what one response, one transcription or one stretch of a translation used and cost.
 *
 * @param id derived by {@link EntryId} from the upstream session and the response, so that a retry writes the same row
 * @param period fixed when the money was reserved, such as 202611
 * @param upstreamSession the provider's {@code sess_…}
 * @param reference the {@code resp_…}, or {@code item_…/content_index} of a transcription, the number of a stretch of a translation
 * @param account the upstream account
 * @param modelAsked what the client asked for
 * @param modelResolved what it is priced as
 * @param modelReported what the provider said it was
 * @param status the response's status on the wire, or "lost"
 * @param millis audio milliseconds of time-billed models, else 0
 * @param priceVersion the price book's version that {@code cost} was computed with
 * @param eventTime when the usage became known
 * @param reservedAt when its money was set aside, by the database's clock as the node knew it
 * @param charges the budget windows that it counts against
 */
public record UsageEntry(
        UUID id,
        TenantId tenant,
        SubjectId subject,
        SessionId session,
        @Nullable String upstreamSession,
        String reference,
        Work work,
        Kind kind,
        int period,
        String node,
        String account,
        ModelName modelAsked,
        ModelName modelResolved,
        @Nullable ModelName modelReported,
        String status,
        TokenUsage tokens,
        long millis,
        int priceVersion,
        NanoUsd cost,
        Instant eventTime,
        Instant reservedAt,
        List<Charge> charges) {
    public UsageEntry {
        charges = List.copyOf(charges);
    }

    /** What was done. */
    public enum Work {
        RESPONSE,
        TRANSCRIPTION,
        /** A stretch of audio of a translation. */
        TRANSLATION
    }

    /** How the figures came about. */
    public enum Kind {
        /** The provider reported them; or it bills by what it was sent, which the broker has counted. */
        USAGE,
        /** The provider did not; they are computed from what is known. */
        ESTIMATED,
        /** A later correction of another row. */
        ADJUSTMENT
    }
}
