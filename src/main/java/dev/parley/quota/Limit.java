package dev.parley.quota;

import dev.parley.domain.SubjectId;
import org.jspecify.annotations.Nullable;

/**
 * One budget or quota as it stands for one tenant, or for one of its subjects. On the wire, in tables and in messages a limit
 * is known by its key.
 *
 * @param key the same for as long as the limit is the same one, such as {@code quota/responses_per_minute}; a limit with
 *     another period or unit has another key
 * @param budget the budget's name; null for a quota
 * @param subject whose use is counted; null: the whole tenant's
 * @param amount in the unit
 * @param hard whether work is refused rather than paid above it; a soft limit only counts
 */
public record Limit(
        String key,
        @Nullable String budget,
        Unit unit,
        LimitPeriod period,
        @Nullable SubjectId subject,
        long amount,
        boolean hard) {
    public Limit {
        if (amount < 0) {
            throw new IllegalArgumentException("a limit below zero: " + key);
        }
    }
}
