package dev.parley.quota;

/** When a limit renews: at the full minute, hour, day or month, UTC, by the database's clock; or never. */
public enum LimitPeriod {
    MINUTE,
    HOUR,
    DAY,
    MONTH,
    TOTAL
}
