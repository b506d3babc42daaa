package dev.parley.domain;

import java.math.BigDecimal;

/**
 * Money in integer nano-dollars (10⁻⁹ USD), 64-bit and checked: every operation that would overflow throws
 * {@link ArithmeticException} instead of wrapping. A cached text token costs some hundred of them; the range ends at
 * about nine thousand million dollars.
 */
public record NanoUsd(long value) implements Comparable<NanoUsd> {
    public static final NanoUsd ZERO = new NanoUsd(0);
    private static final int SCALE = 9;

    /** Parses dollars such as {@code "12.50"}; more than nine decimals are refused. */
    public static NanoUsd ofUsd(String usd) {
        return new NanoUsd(new BigDecimal(usd).movePointRight(SCALE).longValueExact());
    }

    public NanoUsd plus(NanoUsd other) {
        return new NanoUsd(Math.addExact(value, other.value));
    }

    public NanoUsd minus(NanoUsd other) {
        return new NanoUsd(Math.subtractExact(value, other.value));
    }

    public NanoUsd times(long factor) {
        return new NanoUsd(Math.multiplyExact(value, factor));
    }

    public boolean isNegative() {
        return value < 0;
    }

    @Override
    public int compareTo(NanoUsd other) {
        return Long.compare(value, other.value);
    }

    /** Dollars with as many decimals as needed and at least two, such as {@code $0.0071848}. */
    @Override
    public String toString() {
        BigDecimal usd = BigDecimal.valueOf(value, SCALE).stripTrailingZeros();
        return "$" + (usd.scale() < 2 ? usd.setScale(2) : usd).toPlainString();
    }
}
