package dev.parley.relay;

import dev.parley.protocol.EventType;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Passes everything unless told otherwise, and remembers what it saw. */
final class ScriptedGate implements Gate {
    final List<EventType> types = new CopyOnWriteArrayList<>();
    final List<Long> passed = new CopyOnWriteArrayList<>();
    final List<Buffer> collected = new CopyOnWriteArrayList<>();
    final List<String> shown = new CopyOnWriteArrayList<>();
    final List<LegEnd> ends = new CopyOnWriteArrayList<>();
    final CompletableFuture<LegEnd> end = new CompletableFuture<>();

    private volatile Function<MessageHead, Verdict> verdict = head -> Verdict.PASS;
    private volatile BiFunction<MessageHead, Buffer, Delivery> delivery = (head, utf8) -> Delivery.asIs();

    ScriptedGate judging(Function<MessageHead, Verdict> next) {
        verdict = next;
        return this;
    }

    ScriptedGate delivering(BiFunction<MessageHead, Buffer, Delivery> next) {
        delivery = next;
        return this;
    }

    @Override
    public Verdict onMessage(MessageHead head) {
        types.add(head.type());
        return verdict.apply(head);
    }

    @Override
    public Delivery onCollected(MessageHead head, Buffer utf8) {
        collected.add(utf8);
        return delivery.apply(head, utf8);
    }

    @Override
    public void onShown(MessageHead head, @Nullable Buffer utf8) {
        shown.add(utf8 == null ? "too large" : utf8.toString());
    }

    @Override
    public void onPassed(MessageHead head) {
        passed.add(head.bytes());
    }

    @Override
    public void onEnd(LegEnd how) {
        ends.add(how);
        end.complete(how);
    }
}
