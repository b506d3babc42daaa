package dev.parley.turn;

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
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A leg on a {@link VirtualLoop}: messages arrive later, in order, and not while reading is paused, as the contract says. */
final class VirtualLeg implements Leg {
    private final VirtualLoop loop;
    private final Consumer<String> peer;
    private final Deque<Message> unread = new ArrayDeque<>();
    private final Promise<Void> gone = Promise.promise();
    private @Nullable Gate gate;
    private boolean started;
    private boolean paused;
    private boolean reading;
    private boolean ended;

    private record Message(String text, Runnable read) {}

    /** @param peer hears what is sent here, at once; must answer later */
    VirtualLeg(VirtualLoop loop, Consumer<String> peer) {
        this.loop = loop;
        this.peer = peer;
    }

    /** The other side sends a text message. */
    void receive(String json) {
        receive(json, () -> {});
    }

    /** @param read runs when the message has been judged */
    void receive(String json, Runnable read) {
        if (!ended) {
            unread.add(new Message(json, read));
            read();
        }
    }

    /** Whether a message with these words has come and not been read: it goes with the connection. */
    boolean hasUnread(String words) {
        return unread.stream().anyMatch(message -> message.text.contains(words));
    }

    /** The socket is lost. */
    void lose() {
        end(new LegEnd(LegEnd.Cause.PEER_LOST, 1006, ""));
    }

    @Override
    public void judge(Gate next) {
        gate = next;
    }

    @Override
    public void forwardTo(@Nullable Leg other) {
        throw new AssertionError("nothing passes a session in turn mode");
    }

    @Override
    public void keep(Backlog backlog) {
        throw new AssertionError("nothing passes a session in turn mode");
    }

    @Override
    public void start() {
        started = true;
        read();
    }

    @Override
    public void pauseReading() {
        paused = true;
    }

    @Override
    public void resumeReading() {
        paused = false;
        read();
    }

    @Override
    public void send(Buffer utf8) {
        if (!ended) {
            peer.accept(utf8.toString());
        }
    }

    @Override
    public Future<Void> close(int code, String reason) {
        end(new LegEnd(LegEnd.Cause.LOCAL, code, reason));
        return gone.future();
    }

    @Override
    public void cut() {
        close(1006, "");
    }

    @Override
    public Pulse pulse() {
        throw new AssertionError("a session does not ask for signs of life");
    }

    @Override
    public boolean isOpen() {
        return !ended;
    }

    @Override
    public boolean isInsideMessage() {
        return false;
    }

    @Override
    public LegCounters counters() {
        return new LegCounters(0, 0, 0, 0);
    }

    private void read() {
        if (!reading && !unread.isEmpty()) {
            reading = true;
            loop.later(() -> {
                reading = false;
                readNow();
            });
        }
    }

    private void readNow() {
        while (started && !paused && !ended && !unread.isEmpty() && gate != null) {
            Message message = unread.remove();
            Buffer utf8 = Buffer.buffer(message.text);
            Head head = new Head(utf8.length());
            if (gate.onMessage(head) == Gate.Verdict.COLLECT) {
                gate.onCollected(head, utf8);
            }
            message.read.run();
        }
    }

    private void end(LegEnd how) {
        if (!ended) {
            ended = true;
            loop.later(() -> {
                if (gate != null) {
                    gate.onEnd(how);
                }
                gone.tryComplete();
            });
        }
    }

    /** The gates of turn mode read the type themselves. */
    private record Head(long bytes) implements MessageHead {
        @Override
        public EventType type() {
            return EventType.UNKNOWN;
        }

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
