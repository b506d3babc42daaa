package dev.parley.session;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.protocol.EventType;
import dev.parley.protocol.Json;
import dev.parley.relay.Backlog;
import dev.parley.relay.Delivery;
import dev.parley.relay.Gate;
import dev.parley.relay.Gate.Verdict;
import dev.parley.relay.Leg;
import dev.parley.relay.LegCounters;
import dev.parley.relay.LegEnd;
import dev.parley.relay.MessageHead;
import dev.parley.relay.Pulse;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A leg without a socket that behaves as the contract of {@link Leg} says; what it would write is kept. */
public final class FakeLeg implements Leg {
    private final List<String> written = new ArrayList<>();
    private final Deque<Runnable> held = new ArrayDeque<>();
    private final Promise<Void> gone = Promise.promise();
    private @Nullable Gate gate;
    private @Nullable FakeLeg peer;
    private @Nullable Backlog backlog;
    private final Deque<Runnable> unread = new ArrayDeque<>();
    private boolean holding;
    private boolean paused;
    private boolean started;
    private boolean closing;
    private @Nullable Integer closeCode;

    /** The other side sends a text message. */
    public void receive(String json) {
        receive(json, true);
    }

    void receive(String payload, boolean text) {
        if (closing) {
            return;
        }
        if (paused) {
            unread.add(() -> receive(payload, text));
            return;
        }
        Buffer utf8 = Buffer.buffer(payload);
        Head head = new Head(utf8, text);
        Gate judge = Objects.requireNonNull(gate);
        switch (judge.onMessage(head)) {
            case PASS -> {
                inOrder(() -> deliver(payload));
                judge.onPassed(head);
            }
            case SHOW -> {
                judge.onShown(head, utf8);
                inOrder(() -> deliver(payload));
                judge.onPassed(head);
            }
            case DROP -> {}
            case COLLECT -> decide(judge.onCollected(head, utf8), payload);
        }
    }

    /** The other side is gone. */
    public void lose(LegEnd end) {
        if (!closing) {
            closing = true;
            Objects.requireNonNull(gate).onEnd(end);
            gone.tryComplete();
        }
    }

    public List<String> written() {
        return List.copyOf(written);
    }

    public List<JsonNode> events() {
        return written.stream()
                .map(text -> Json.object(Buffer.buffer(text)).orElseThrow())
                .toList();
    }

    public List<String> types() {
        return events().stream().map(event -> event.path("type").asText()).toList();
    }

    JsonNode last() {
        return events().getLast();
    }

    @Nullable
    Integer closeCode() {
        return closeCode;
    }

    boolean started() {
        return started;
    }

    @Override
    public void judge(Gate next) {
        gate = next;
    }

    @Override
    public void forwardTo(@Nullable Leg other) {
        peer = (FakeLeg) other;
    }

    @Override
    public void start() {
        started = true;
    }

    @Override
    public void pauseReading() {
        paused = true;
    }

    @Override
    public void resumeReading() {
        paused = false;
        while (!paused && !unread.isEmpty()) {
            unread.poll().run();
        }
    }

    @Override
    public void keep(Backlog kept) {
        backlog = kept;
    }

    @Override
    public void send(Buffer utf8) {
        if (!closing) {
            written.add(utf8.toString());
        }
    }

    @Override
    public Future<Void> close(int code, String reason) {
        if (!closing) {
            closing = true;
            closeCode = code;
            Objects.requireNonNull(gate).onEnd(new LegEnd(LegEnd.Cause.LOCAL, code, reason));
            gone.tryComplete();
        }
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
        return !closing;
    }

    @Override
    public boolean isInsideMessage() {
        return false;
    }

    @Override
    public LegCounters counters() {
        return new LegCounters(0, 0, 0, 0);
    }

    private void decide(Delivery delivery, String original) {
        switch (delivery) {
            case Delivery.AsIs() -> inOrder(() -> deliver(original));
            case Delivery.Replaced(Buffer other) -> inOrder(() -> deliver(other.toString()));
            case Delivery.Dropped() -> {}
            case Delivery.Later(Future<Delivery> decision) -> {
                if (holding) {
                    held.add(() -> await(decision, original));
                } else {
                    await(decision, original);
                }
            }
        }
    }

    private void await(Future<Delivery> decision, String original) {
        holding = true;
        decision.onComplete(decided -> {
            holding = false;
            if (decided.succeeded()) {
                decide(decided.result(), original);
            }
            while (!holding && !held.isEmpty()) {
                held.poll().run();
            }
        });
    }

    private void inOrder(Runnable delivery) {
        if (holding) {
            held.add(delivery);
        } else {
            delivery.run();
        }
    }

    private void deliver(String text) {
        if (backlog != null) {
            backlog.add(Buffer.buffer(text));
        }
        if (peer != null) {
            peer.send(Buffer.buffer(text));
        }
    }

    private static final Pattern TYPE = Pattern.compile("\"type\":\"([^\"]*)\"");

    private record Head(Buffer payload, boolean isText) implements MessageHead {
        @Override
        public EventType type() {
            return Json.object(payload)
                    .map(event -> EventType.of(event.path("type").asText("")))
                    .orElseGet(this::firstType);
        }

        /** As the relay finds it in what is not JSON as a whole. */
        private EventType firstType() {
            Matcher found = TYPE.matcher(payload.toString());
            return found.find() ? EventType.of(found.group(1)) : EventType.UNKNOWN;
        }

        @Override
        public @Nullable String peek(String member) {
            return Json.object(payload)
                    .map(event -> event.path(member).textValue())
                    .orElse(null);
        }

        @Override
        public long bytes() {
            return payload.length();
        }
    }

    /** What a gate would say to this message, for tests of one gate. */
    static Verdict verdict(Gate gate, String json) {
        return gate.onMessage(new Head(Buffer.buffer(json), true));
    }
}
