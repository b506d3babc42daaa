package dev.parley.quota;

import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;

/** The ledger's periods: months, UTC. They only file a usage entry in its partition; what a limit counts is its window. */
public final class LedgerPeriod {
    private LedgerPeriod() {}

    /** The period of a moment, such as 202611. */
    public static int of(Instant at) {
        YearMonth month = YearMonth.from(at.atZone(ZoneOffset.UTC));
        return month.getYear() * 100 + month.getMonthValue();
    }
}
