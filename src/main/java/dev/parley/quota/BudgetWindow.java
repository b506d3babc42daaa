package dev.parley.quota;

import dev.parley.tenancy.BudgetPeriod;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/**
 * One run of a budget's period, in UTC: the hour, day or month that holds a moment, or all time.
 *
 * <p>Two periods meet here. The <em>budget's</em> period (this window) says which limit a reservation counts against. The
 * <em>ledger's</em> period is always a month ({@link #ledgerPeriod}); it only files the usage entry in its partition. Both
 * are fixed when the money is reserved.
 *
 * @param start the first moment; {@link Instant#EPOCH} for all time
 * @param end the first moment after it; null for all time
 */
public record BudgetWindow(
        BudgetPeriod period, Instant start, @Nullable Instant end) {

    /** The window of {@code period} that holds {@code now}. */
    public static BudgetWindow of(BudgetPeriod period, Instant now) {
        ZonedDateTime utc = now.atZone(ZoneOffset.UTC);
        return switch (period) {
            case HOUR -> between(period, utc.truncatedTo(ChronoUnit.HOURS), Duration.ofHours(1));
            case DAY -> between(period, utc.truncatedTo(ChronoUnit.DAYS), Duration.ofDays(1));
            case MONTH -> {
                ZonedDateTime first = utc.truncatedTo(ChronoUnit.DAYS).withDayOfMonth(1);
                yield new BudgetWindow(
                        period, first.toInstant(), first.plusMonths(1).toInstant());
            }
            case TOTAL -> new BudgetWindow(period, Instant.EPOCH, null);
        };
    }

    /** The ledger's period of a moment, such as 202611. */
    public static int ledgerPeriod(Instant at) {
        YearMonth month = YearMonth.from(at.atZone(ZoneOffset.UTC));
        return month.getYear() * 100 + month.getMonthValue();
    }

    /** How long until the budget renews; null if it never does. */
    @Nullable
    Duration untilRenewal(Instant now) {
        if (end == null) {
            return null;
        }
        Duration left = Duration.between(now, end);
        return left.isNegative() ? Duration.ZERO : left;
    }

    private static BudgetWindow between(BudgetPeriod period, ZonedDateTime start, Duration length) {
        return new BudgetWindow(period, start.toInstant(), start.toInstant().plus(length));
    }
}
