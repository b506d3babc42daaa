package dev.parley.turn;

/**
 * How long things take on the upstream sessions of one shape: opening one, and a response in its place. While places come
 * free faster than a new session could be had, none is opened. On one event loop.
 */
final class Pace {
    /** Of the newest figure in the average. */
    private static final double WEIGHT = 0.2;

    private double openNanos;
    private double responseNanos;

    void opened(long nanos) {
        openNanos = average(openNanos, nanos);
    }

    void answered(long nanos) {
        responseNanos = average(responseNanos, nanos);
    }

    /** How long it takes to open one; 0 while nobody knows. */
    long openNanos() {
        return (long) openNanos;
    }

    /** How many of this many running responses make room, one after the other, while one session is opened. */
    long placesFreed(int running) {
        return responseNanos == 0 ? 0 : (long) (running * openNanos / responseNanos);
    }

    private static double average(double before, long nanos) {
        double now = Math.max(1, nanos);
        return before == 0 ? now : before + WEIGHT * (now - before);
    }
}
