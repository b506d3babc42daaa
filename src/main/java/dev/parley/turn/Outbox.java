package dev.parley.turn;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.conversation.Trees;
import dev.parley.protocol.EventType;
import dev.parley.relay.Delivery;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * What goes to the client, in order: an event that waits for its ledger entry holds back what is behind it. Bounded; on the
 * session's event loop.
 */
final class Outbox {
    private final Client client;
    private final int heldBytesMax;
    private final Runnable overflow;
    private final Deque<Entry> entries = new ArrayDeque<>();
    private long heldBytes;

    /**
     * @param overflow called for what comes when more is held back than {@code heldBytesMax} already; it is dropped. A single
     *     large event, such as an item with all its audio, may lie over it
     */
    Outbox(Client client, int heldBytesMax, Runnable overflow) {
        this.client = client;
        this.heldBytesMax = heldBytesMax;
        this.overflow = overflow;
    }

    /** Who is told. */
    @FunctionalInterface
    interface Client {
        void tell(EventType type, Buffer utf8);
    }

    private static final class Entry {
        /** What is done when its turn has come; null while that is not decided. */
        private @Nullable Runnable action;

        private final int bytes;

        Entry(@Nullable Runnable action, int bytes) {
            this.action = action;
            this.bytes = bytes;
        }
    }

    void send(JsonNode event) {
        send(EventType.of(event.path("type").asText()), Buffer.buffer(Trees.writeBytes(event)));
    }

    void send(EventType type, Buffer utf8) {
        if (entries.isEmpty()) {
            client.tell(type, utf8);
        } else if (heldBytes > heldBytesMax) {
            overflow.run();
        } else {
            heldBytes += utf8.length();
            entries.add(new Entry(() -> client.tell(type, utf8), utf8.length()));
        }
    }

    /** Sends what the future gives, if it gives something. It has a deadline of its own, and does not fail. */
    void sendWhen(EventType type, Future<Delivery> decision) {
        Entry entry = new Entry(null, 0);
        entries.add(entry);
        decision.onComplete(decided -> {
            entry.action = decided.succeeded() && decided.result() instanceof Delivery.Replaced(Buffer utf8)
                    ? () -> client.tell(type, utf8)
                    : () -> {};
            advance();
        });
    }

    /** Does this when all before it is on its way. */
    void then(Runnable action) {
        if (entries.isEmpty()) {
            action.run();
        } else {
            entries.add(new Entry(action, 0));
        }
    }

    private void advance() {
        while (!entries.isEmpty()) {
            Runnable action = entries.element().action;
            if (action == null) {
                return;
            }
            heldBytes -= entries.remove().bytes;
            action.run();
        }
    }
}
