package dev.parley.concurrent;

import java.time.Duration;
import java.time.Instant;

/** A clock whose hands the test turns. Thread-safe. */
public final class ManualTicker implements Ticker {
    private volatile Hands hands;

    public ManualTicker(Instant start) {
        this.hands = new Hands(start, 0);
    }

    @Override
    public long nanos() {
        return hands.nanos();
    }

    @Override
    public Instant now() {
        return hands.now();
    }

    public synchronized void advance(Duration time) {
        hands = new Hands(hands.now().plus(time), hands.nanos() + time.toNanos());
    }

    /** Sets the wall clock only, as an operator or NTP would. */
    public synchronized void step(Instant to) {
        hands = new Hands(to, hands.nanos());
    }

    private record Hands(Instant now, long nanos) {}
}
