package dev.parley.session;

import dev.parley.relay.Backlog;
import dev.parley.relay.Gate;
import dev.parley.relay.Leg;
import dev.parley.relay.LegCounters;
import dev.parley.relay.Pulse;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import org.jspecify.annotations.Nullable;

/** In the place of a client's leg while there has been no client: a connection that has ended. */
final class NoLeg implements Leg {
    @Override
    public void judge(Gate gate) {}

    @Override
    public void forwardTo(@Nullable Leg peer) {}

    @Override
    public void start() {}

    @Override
    public void pauseReading() {}

    @Override
    public void resumeReading() {}

    @Override
    public void keep(Backlog backlog) {}

    @Override
    public void send(Buffer utf8) {}

    @Override
    public Future<Void> close(int code, String reason) {
        return Future.succeededFuture();
    }

    @Override
    public void cut() {}

    @Override
    public Pulse pulse() {
        return new Pulse() {
            @Override
            public long silentNanos() {
                return Long.MAX_VALUE;
            }

            @Override
            public void ask(Runnable answered) {}
        };
    }

    @Override
    public boolean isOpen() {
        return false;
    }

    @Override
    public boolean isInsideMessage() {
        return false;
    }

    @Override
    public LegCounters counters() {
        return new LegCounters(0, 0, 0, 0);
    }
}
