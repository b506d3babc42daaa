package dev.parley.store;

import dev.parley.ledger.ReportLine;
import java.time.Instant;

/**
 * What a dead node held of a hard budget and may have spent.
 *
 * @param limit the budget's key
 * @param subject whose budget; empty: the whole tenant's
 * @param unit {@code money} or {@code tokens}
 * @param burned in that unit
 * @param since from when on it may have spent it
 * @param until when it cannot have spent it any more
 */
public record OrphanedGrant(
        long grant,
        long balance,
        String tenant,
        String limit,
        String subject,
        String unit,
        String node,
        long burned,
        Instant since,
        Instant until) {
    /** Whether some of it may have been spent in the line's time. */
    public boolean meets(ReportLine line) {
        return since.isBefore(line.to()) && line.from().isBefore(until);
    }
}
