package dev.parley.relay;

import dev.parley.concurrent.Ticker;
import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The one timer that all legs of an event loop share: it keeps a coarse time and looks at every leg twice a second, a
 * quarter of them at a time. It stops while there are no legs. Used on its event loop only.
 */
@SuppressWarnings("FutureReturnValueIgnored") // the timer is never cancelled
final class LoopClock implements Runnable {
    private static final int TICK_MILLIS = 125;
    private static final int GROUPS = 4;

    private final EventLoop loop;
    private final Ticker ticker;
    private final List<List<BytesLeg>> groups = new ArrayList<>(GROUPS);
    private int legs;
    private int next;
    private boolean running;
    private long now;
    private @Nullable BytesLeg reading;

    LoopClock(EventLoop loop, Ticker ticker) {
        this.loop = loop;
        this.ticker = ticker;
        this.now = ticker.nanos();
        for (int i = 0; i < GROUPS; i++) {
            groups.add(new ArrayList<>());
        }
    }

    /** Nanoseconds, at most a tick old. */
    long now() {
        return now;
    }

    /** The leg whose bytes are being read just now. */
    @Nullable
    BytesLeg reading() {
        return reading;
    }

    void reading(@Nullable BytesLeg leg) {
        reading = leg;
    }

    void add(BytesLeg leg) {
        groups.get(legs++ % GROUPS).add(leg);
        if (!running) {
            running = true;
            now = ticker.nanos();
            schedule();
        }
    }

    @Override
    public void run() {
        now = ticker.nanos();
        List<BytesLeg> group = groups.get(next);
        next = (next + 1) % GROUPS;
        for (int i = group.size() - 1; i >= 0; i--) {
            if (!looksAfter(group.get(i))) {
                BytesLeg last = group.removeLast();
                if (i < group.size()) {
                    group.set(i, last);
                }
            }
        }
        running = groups.stream().anyMatch(each -> !each.isEmpty());
        if (running) {
            schedule();
        }
    }

    /** One leg's trouble must not stop the clock of the others. */
    private boolean looksAfter(BytesLeg leg) {
        try {
            return leg.sweep(now);
        } catch (RuntimeException bug) {
            leg.broken(bug);
            return true;
        }
    }

    private void schedule() {
        loop.schedule(this, TICK_MILLIS, TimeUnit.MILLISECONDS);
    }
}
