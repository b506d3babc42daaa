package dev.parley.relay;

import dev.parley.protocol.EventType;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketFrame;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** See {@link FramesLegs}. */
final class FramesLeg implements Leg {
    private final WebSocket socket;
    private final RelayLimits limits;
    private final ArrayDeque<Slot> lane = new ArrayDeque<>();
    private final Promise<Void> gone = Promise.promise();

    private Gate gate = ClosedGate.INSTANCE;
    private @Nullable FramesLeg peer;
    private @Nullable FramesLeg feeder;
    private Buffer message = Buffer.buffer();
    private boolean text;
    private int fragments;
    private boolean started;
    private boolean paused;
    private int heldBytes;
    private @Nullable LegEnd end;
    private long messagesIn;
    private long bytesIn;
    private long messagesOut;
    private long bytesOut;

    /** A message whose turn has not come. */
    private static final class Slot {
        private final @Nullable FramesLeg target;
        private final boolean text;
        private final Buffer original;
        private @Nullable Delivery delivery;

        Slot(@Nullable FramesLeg target, boolean text, Buffer original, @Nullable Delivery delivery) {
            this.target = target;
            this.text = text;
            this.original = original;
            this.delivery = delivery;
        }
    }

    private record Head(EventType type, boolean isText, Buffer payload) implements MessageHead {
        @Override
        public @Nullable String peek(String member) {
            return isText ? TopLevelMember.find(payload.getBytes(), member) : null;
        }

        @Override
        public long bytes() {
            return payload.length();
        }
    }

    FramesLeg(WebSocket socket, RelayLimits limits) {
        this.socket = socket;
        this.limits = limits;
        socket.pause();
        socket.frameHandler(this::frame);
        socket.closeHandler(closed -> lost());
        socket.exceptionHandler(failure -> socket.close());
        socket.drainHandler(drained -> flow(feeder));
    }

    @Override
    public void judge(Gate next) {
        gate = next;
    }

    @Override
    public void forwardTo(@Nullable Leg next) {
        peer = (FramesLeg) next;
        if (peer != null) {
            peer.feeder = this;
        }
    }

    @Override
    public void start() {
        started = true;
        flow(this);
    }

    @Override
    public void pauseReading() {
        paused = true;
        flow(this);
    }

    @Override
    public void resumeReading() {
        paused = false;
        flow(this);
    }

    @Override
    public void keep(Backlog backlog) {
        throw new UnsupportedOperationException("the reference keeps nothing");
    }

    @Override
    public void send(Buffer utf8) {
        if (end == null) {
            write(true, utf8);
        }
    }

    @Override
    public Future<Void> close(int code, String reason) {
        if (end == null) {
            end = new LegEnd(LegEnd.Cause.LOCAL, code, reason);
            socket.resume();
            closeBehindLane(code, reason);
        }
        return gone.future();
    }

    private void closeBehindLane(int code, String reason) {
        FramesLeg source = feeder;
        if (source == null || source.lane.isEmpty()) {
            socket.close((short) code, reason);
        }
    }

    @Override
    public void cut() {
        if (end == null) {
            end = new LegEnd(LegEnd.Cause.LOCAL, CloseCodes.LOST, "");
        }
        socket.close();
    }

    @Override
    public Pulse pulse() {
        throw new UnsupportedOperationException("Vert.x answers pings by itself and tells nobody of pongs here");
    }

    @Override
    public boolean isOpen() {
        return end == null;
    }

    @Override
    public boolean isInsideMessage() {
        return false;
    }

    @Override
    public LegCounters counters() {
        return new LegCounters(messagesIn, bytesIn, messagesOut, bytesOut);
    }

    private static void flow(@Nullable FramesLeg leg) {
        if (leg == null || leg.socket.isClosed()) {
            return;
        }
        FramesLeg target = leg.peer;
        boolean room = target == null || target.socket.isClosed() || !target.socket.writeQueueFull();
        if (leg.end != null || (leg.started && !leg.paused && leg.heldBytes < leg.limits.heldBytesMax() && room)) {
            leg.socket.resume();
        } else {
            leg.socket.pause();
        }
    }

    private void frame(WebSocketFrame frame) {
        if (!frame.isText() && !frame.isBinary() && !frame.isContinuation()) {
            return;
        }
        if (!frame.isContinuation()) {
            text = frame.isText();
            fragments = 0;
            message = Buffer.buffer();
        }
        message.appendBuffer(frame.binaryData());
        if (++fragments > limits.fragmentsMax()) {
            limit(CloseCodes.POLICY);
        } else if (message.length() > limits.messageBytesMax()) {
            limit(CloseCodes.TOO_BIG);
        } else if (frame.isFinal() && end == null) {
            arrived(message);
        }
    }

    private void limit(int code) {
        if (end == null) {
            end = new LegEnd(LegEnd.Cause.LIMIT, code, "");
            socket.close((short) code);
        }
    }

    private void arrived(Buffer payload) {
        messagesIn++;
        bytesIn += payload.length();
        String name = text ? TopLevelMember.find(payload.getBytes(), "type") : null;
        Head head = new Head(name == null ? EventType.UNKNOWN : EventType.of(name), text, payload);
        switch (gate.onMessage(head)) {
            case PASS -> {
                push(head, Delivery.asIs());
                gate.onPassed(head);
            }
            case SHOW -> {
                gate.onShown(head, payload.length() > Gate.SHOWN_BYTES_MAX ? null : payload);
                push(head, Delivery.asIs());
                gate.onPassed(head);
            }
            case COLLECT -> push(head, gate.onCollected(head, payload));
            case DROP -> {
                // swallowed
            }
        }
        flow(this);
    }

    private void push(Head head, Delivery delivery) {
        Slot slot = new Slot(peer, head.isText(), head.payload(), delivery);
        lane.add(slot);
        heldBytes += slot.original.length();
        resolve(slot, delivery);
        drain();
    }

    private void resolve(Slot slot, Delivery delivery) {
        if (!(delivery instanceof Delivery.Later(Future<Delivery> decision))) {
            slot.delivery = delivery;
            return;
        }
        slot.delivery = null;
        decision.onSuccess(decided -> {
                    resolve(slot, decided);
                    drain();
                })
                .onFailure(failure -> {
                    cut();
                    if (slot.target != null) {
                        slot.target.cut();
                    }
                });
    }

    private void drain() {
        while (!lane.isEmpty() && lane.element().delivery != null) {
            Slot next = lane.remove();
            heldBytes -= next.original.length();
            if (next.target != null) {
                next.target.deliver(next);
            }
        }
        FramesLeg target = peer;
        LegEnd closing = target == null ? null : target.end;
        if (target != null && closing != null && closing.cause() == LegEnd.Cause.LOCAL && !target.socket.isClosed()) {
            target.closeBehindLane(closing.code(), closing.reason());
        }
        flow(this);
    }

    private void deliver(Slot slot) {
        if (slot.delivery instanceof Delivery.Replaced(Buffer utf8)) {
            write(true, utf8);
        } else if (slot.delivery instanceof Delivery.AsIs) {
            write(slot.text, slot.original);
        }
    }

    private void write(boolean asText, Buffer payload) {
        if (!socket.isClosed()) {
            messagesOut++;
            bytesOut += payload.length();
            socket.writeFrame(
                    asText
                            ? WebSocketFrame.textFrame(payload.toString(), true)
                            : WebSocketFrame.binaryFrame(payload, true));
        }
    }

    private void lost() {
        if (end == null) {
            Short code = socket.closeStatusCode();
            String reason = socket.closeReason();
            end = code == null || code == CloseCodes.LOST
                    ? new LegEnd(LegEnd.Cause.PEER_LOST, CloseCodes.LOST, "")
                    : new LegEnd(LegEnd.Cause.PEER_CLOSED, code, reason == null ? "" : reason);
        }
        gate.onEnd(end);
        gone.complete();
        flow(feeder);
    }
}
