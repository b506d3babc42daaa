package dev.parley.bench;

import java.util.concurrent.atomic.AtomicInteger;

/** When the messages under way on one connection were due. One thread adds, another takes, in the same order. */
final class DueTimes {
    private static final int SIZE = 1024;

    private final long[] times = new long[SIZE];
    private final AtomicInteger added = new AtomicInteger();
    private volatile int taken;

    /** False when far too much is under way: the target does not keep up. */
    boolean add(long nanos) {
        int index = added.get();
        if (index - taken == SIZE) {
            return false;
        }
        times[index % SIZE] = nanos;
        added.set(index + 1);
        return true;
    }

    /** The time of the oldest message under way, or -1 if there is none. */
    long take() {
        int index = taken;
        if (index == added.get()) {
            return -1;
        }
        long nanos = times[index % SIZE];
        taken = index + 1;
        return nanos;
    }
}
