package dev.parley.pool;

import dev.parley.protocol.EventType;
import dev.parley.relay.Backlog;
import dev.parley.relay.Gate;
import dev.parley.relay.Leg;
import dev.parley.relay.LegCounters;
import dev.parley.relay.LegEnd;
import dev.parley.relay.MessageHead;
import dev.parley.relay.Pulse;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A provider's leg without a socket: the test says what arrives, and whether pings are answered. */
final class FakeLeg implements Leg, Pulse {
    private final Promise<Void> gone = Promise.promise();
    private @Nullable Gate gate;
    private boolean open = true;
    private boolean ended;
    long silent;
    boolean answersPings = true;
    /** A close takes until the test says so. */
    boolean lingers;

    void receive(EventType type, String json) {
        Head head = new Head(type, json.length());
        Gate judge = Objects.requireNonNull(gate);
        if (judge.onMessage(head) == Gate.Verdict.COLLECT) {
            judge.onCollected(head, Buffer.buffer(json));
        }
    }

    /** The provider ends it. */
    void end(LegEnd.Cause cause, int code, String reason) {
        open = false;
        tell(new LegEnd(cause, code, reason));
    }

    /** The socket of a leg that lingers goes. */
    void vanish() {
        tell(new LegEnd(LegEnd.Cause.LOCAL, 1000, ""));
    }

    private void tell(LegEnd end) {
        if (!ended) {
            ended = true;
            Objects.requireNonNull(gate).onEnd(end);
            gone.tryComplete();
        }
    }

    @Override
    public void judge(Gate next) {
        gate = next;
    }

    @Override
    public Future<Void> close(int code, String reason) {
        open = false;
        if (!lingers) {
            tell(new LegEnd(LegEnd.Cause.LOCAL, code, reason));
        }
        return gone.future();
    }

    @Override
    public void cut() {
        close(1006, "");
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public Pulse pulse() {
        return this;
    }

    @Override
    public long silentNanos() {
        return silent;
    }

    @Override
    public void ask(Runnable answered) {
        if (answersPings) {
            answered.run();
        }
    }

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
    public boolean isInsideMessage() {
        return false;
    }

    @Override
    public LegCounters counters() {
        return new LegCounters(0, 0, 0, 0);
    }

    private record Head(EventType type, long bytes) implements MessageHead {
        @Override
        public boolean isText() {
            return true;
        }

        @Override
        public @Nullable String peek(String member) {
            return null;
        }
    }
}
