package dev.parley.pool;

import dev.parley.protocol.EventType;
import dev.parley.protocol.Json;
import dev.parley.protocol.Scrubber;
import dev.parley.relay.Delivery;
import dev.parley.relay.Gate;
import dev.parley.relay.LegEnd;
import dev.parley.relay.MessageHead;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Judges an upstream session that nobody uses. What a provider says of its own accord beside {@code session.created} (such
 * as {@code conversation.created}) is kept for the client; anything that tells of trouble, or of use, spoils the session.
 */
final class WarmGate implements Gate {
    private static final int EARLY_MAX = 16;
    private static final int EARLY_BYTES_MAX = 64 << 10;

    private final PooledSession session;
    private final List<Buffer> early = new ArrayList<>(0);
    private int earlyBytes;

    WarmGate(PooledSession session) {
        this.session = session;
    }

    List<Buffer> early() {
        return early;
    }

    @Override
    public Verdict onMessage(MessageHead head) {
        return switch (head.type()) {
            case SESSION_CREATED, RATE_LIMITS_UPDATED -> Verdict.DROP;
            default -> Verdict.COLLECT;
        };
    }

    @Override
    public Delivery onCollected(MessageHead head, Buffer utf8) {
        if (head.type() == EventType.ERROR) {
            String code = Json.object(utf8)
                    .map(event -> event.path("error"))
                    .map(error -> error.path("code").asText(error.path("type").asText("error")))
                    .orElse("error");
            session.spoiled(Scrubber.code(code));
        } else if (head.type() != EventType.UNKNOWN || !head.isText() || !keep(utf8)) {
            session.spoiled("unexpected_event");
        }
        return Delivery.dropped();
    }

    @Override
    public void onEnd(LegEnd end) {
        session.endedUnused(end);
    }

    private boolean keep(Buffer utf8) {
        earlyBytes += utf8.length();
        return earlyBytes <= EARLY_BYTES_MAX && early.size() < EARLY_MAX && early.add(utf8.copy());
    }
}
