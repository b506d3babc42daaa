package dev.parley.relay;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The order of what one leg passes on. Usually it is empty and bytes go straight to the other leg; behind a message that
 * waits for its decision they queue here. It outlives its leg until the last decision. One event loop.
 */
final class Lane {
    private static final Logger LOGGER = LoggerFactory.getLogger(Lane.class);

    private final BytesLeg source;
    private final MemoryBudget budget;
    private final int bytesMax;
    private final ArrayDeque<Entry> waiting = new ArrayDeque<>(1);
    private int bytes;
    private long charged;
    private boolean overBudget;
    private @Nullable Backlog backlog;

    Lane(BytesLeg source, MemoryBudget budget, int bytesMax) {
        this.source = source;
        this.budget = budget;
        this.bytesMax = bytesMax;
    }

    /** One thing on its way. */
    private static final class Entry {
        private final @Nullable BytesLeg target;
        private final int bytes;
        private List<Portion> portions = List.of();
        private boolean decided;
        private boolean breaksOff;

        Entry(@Nullable BytesLeg target, int bytes) {
            this.target = target;
            this.bytes = bytes;
        }
    }

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    /** Whether reading must stop until something was decided. */
    boolean isFull() {
        return bytes >= bytesMax || overBudget;
    }

    /** Keeps what is passed on from now on; what waits then goes to whoever is the target when its turn comes. */
    void keep(Backlog kept) {
        backlog = kept;
    }

    /** Whether something still waits for {@code target}. */
    boolean holdsFor(BytesLeg target) {
        return waiting.stream().anyMatch(entry -> targetOf(entry) == target);
    }

    private @Nullable BytesLeg targetOf(Entry entry) {
        return backlog == null ? entry.target : source.target();
    }

    /** Passes bytes on; owns them. */
    void pass(@Nullable BytesLeg target, Portion portion) {
        if (waiting.isEmpty()) {
            write(target, portion);
        } else {
            Entry entry = new Entry(target, portion.frames().readableBytes());
            entry.portions = List.of(portion);
            entry.decided = true;
            push(entry);
        }
    }

    /** Does with a collected message what its gate decided; owns the message. */
    void deliver(@Nullable BytesLeg target, Held original, long payload, Delivery delivery) {
        if (delivery instanceof Delivery.Later(Future<Delivery> decision)) {
            Entry entry = new Entry(target, original.bytes());
            push(entry);
            await(entry, original, payload, decision);
        } else {
            outcome(original, payload, delivery).forEach(portion -> pass(target, portion));
        }
    }

    /** The source was lost inside a message that was being passed on. */
    void breakOff(BytesLeg target) {
        Entry entry = new Entry(target, 0);
        entry.breaksOff = true;
        entry.decided = true;
        push(entry);
        drain();
    }

    private void push(Entry entry) {
        waiting.add(entry);
        bytes += entry.bytes;
        if (bytes > MemoryBudget.FREE_BYTES) {
            // Without budget nothing is lost: the leg just stops reading early.
            boolean granted = budget.take(entry.bytes);
            charged += granted ? entry.bytes : 0;
            overBudget |= !granted;
        }
        source.flowChanged();
    }

    /** What was promised cannot be kept. */
    private void decisionFailed(@Nullable BytesLeg target, Throwable cause) {
        LOGGER.atWarn().addKeyValue("cause", cause.getClass().getName()).log("decision on a message failed, cutting");
        source.cut();
        if (target != null) {
            target.cut();
        }
    }

    private void await(Entry entry, Held original, long payload, Future<Delivery> decision) {
        decision.onComplete(result -> source.execute(() -> {
            if (result.failed()) {
                original.release();
                entry.decided = true;
                decisionFailed(targetOf(entry), result.cause());
            } else if (result.result() instanceof Delivery.Later(Future<Delivery> next)) {
                await(entry, original, payload, next);
            } else {
                entry.portions = outcome(original, payload, result.result());
                entry.decided = true;
            }
            drain();
        }));
    }

    private List<Portion> outcome(Held original, long payload, Delivery delivery) {
        if (delivery instanceof Delivery.AsIs) {
            return original.take(payload);
        }
        original.release();
        return delivery instanceof Delivery.Replaced(Buffer utf8)
                ? List.of(new Portion(source.passedFrame(utf8), Edge.MESSAGE, 1, utf8.length()))
                : List.of();
    }

    private void drain() {
        while (!waiting.isEmpty() && waiting.element().decided) {
            Entry next = waiting.remove();
            bytes -= next.bytes;
            next.portions.forEach(portion -> write(targetOf(next), portion));
            BytesLeg target = targetOf(next);
            if (next.breaksOff && target != null) {
                target.brokenOff();
            }
            if (target != null) {
                target.laneMoved();
            }
        }
        if (bytes <= MemoryBudget.FREE_BYTES) {
            budget.give(charged);
            charged = 0;
            overBudget = false;
        }
        source.flowChanged();
    }

    private void write(@Nullable BytesLeg target, Portion portion) {
        Backlog kept = backlog;
        if (kept != null) {
            kept.add(portion);
        }
        if (target == null) {
            portion.frames().release();
        } else {
            target.take(portion);
        }
        if (kept != null) {
            kept.moved();
        }
    }
}
