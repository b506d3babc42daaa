package dev.parley.ledger;

import dev.parley.domain.NanoUsd;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import dev.parley.domain.TokenUsage;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What tenants may read of the ledger. Blocks. Thread-safe. */
public interface UsageBook {
    /** Sums of the sealed ledger, oldest period first. */
    List<Line> usage(Question question);

    /** What counts against the limits of a tenant, and of one subject, whose windows are open now. */
    List<Used> used(TenantId tenant, SubjectId subject);

    /** How long a period is. Periods are those of the clock (UTC). */
    enum Period {
        HOUR,
        DAY,
        MONTH
    }

    /**
     * @param subject null: all of the tenant's
     * @param linesMax so many lines at most
     */
    record Question(
            TenantId tenant, @Nullable SubjectId subject, Instant from, Instant to, Period period, int linesMax) {}

    /**
     * One model and one subject in one period.
     *
     * @param work {@code response} or {@code transcription}
     * @param estimated how many of the entries are estimated
     */
    record Line(
            Instant start,
            String subject,
            String model,
            String work,
            long entries,
            long estimated,
            TokenUsage tokens,
            long millis,
            NanoUsd cost) {}

    /**
     * What was used of one limit.
     *
     * @param key the limit's
     * @param subject empty: the whole tenant's
     * @param amount in the limit's unit
     * @param renewsAt null: never
     */
    record Used(
            String key,
            String subject,
            long amount,
            @Nullable Instant renewsAt) {}
}
