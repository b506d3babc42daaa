package dev.parley.session;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.concurrent.Ticker;
import dev.parley.content.AudioRate;
import dev.parley.content.ContentCapture;
import dev.parley.content.SessionContent;
import dev.parley.protocol.EventType;
import dev.parley.protocol.Json;
import dev.parley.relay.Gate;
import dev.parley.relay.MessageHead;
import dev.parley.tenancy.Tenant;
import dev.parley.upstream.UpstreamConnector.UpstreamSession;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Notes in a session's timeline what passes its gates, whichever upstream serves it; and keeps its content, while the tenant
 * allows it. One event loop.
 */
public final class Recording {
    private final Timeline timeline = new Timeline();
    private final SessionOrder order;
    private final SessionRegistry registry;
    private final Ticker ticker;
    private final AudioRate rate;
    /** Null while content is not kept. */
    private @Nullable ContentCapture content;

    private boolean closed;

    /** @param registry hears of the turns that are done */
    public Recording(SessionOrder order, SessionRegistry registry, Ticker ticker, AudioRate rate) {
        this.order = order;
        this.registry = registry;
        this.ticker = ticker;
        this.rate = rate;
        hear(order.tenant());
    }

    /** The tenant's settings as they are now; what they allow no more is gone at once. */
    public void hear(Tenant tenant) {
        ContentCapture kept = content;
        if (kept == null && tenant.contentCapture() && !closed) {
            content = registry.content().open(rate);
        } else if (kept != null && !tenant.contentCapture()) {
            kept.close();
            content = null;
        } else if (closed && !tenant.contentCapture()) {
            registry.content().forget(order.id()); // the news came while it ended
        }
    }

    /** The session has ended: what was said is kept for a while longer. */
    public void close(Context loop) {
        closed = true;
        ContentCapture kept = content;
        if (kept != null) {
            content = null;
            registry.keep(order.id(), order.tenant().id(), kept.snapshot(), loop.owner());
            kept.close();
        }
    }

    /** The same gate, whose messages from the client are noted. */
    public Gate ofClient(Gate gate) {
        return new RecordedGate(gate, true, this);
    }

    Gate ofUpstream(Gate gate) {
        return new RecordedGate(gate, false, this);
    }

    /** A message is through, in either direction. */
    public void passed(boolean fromClient, EventType type, long bytes) {
        timeline.passed(fromClient, type, bytes, ticker.now());
    }

    /** A message of the broker's own goes to the client. */
    public void told(EventType type, Buffer utf8) {
        passed(false, type, utf8.length());
        said(false, type, utf8.length(), utf8);
    }

    /** @param utf8 null if it was too large to be held */
    void said(boolean fromClient, EventType type, long bytes, @Nullable Buffer utf8) {
        ContentCapture kept = content;
        if (kept != null) {
            kept.add(fromClient, type, bytes, utf8, ticker.now());
        }
    }

    /** The same, but that content which is kept is also looked at as it passes. */
    Gate.Verdict verdict(Gate.Verdict given) {
        return content != null && given == Gate.Verdict.PASS ? Gate.Verdict.SHOW : given;
    }

    /** What has been said of late, if it is kept. Callable from any thread. */
    public Future<SessionContent> content(Context loop) {
        Promise<SessionContent> promise = Promise.promise();
        loop.runOnContext(_ -> {
            ContentCapture kept = content;
            promise.complete(kept == null ? SessionContent.NOTHING : kept.snapshot());
        });
        return promise.future();
    }

    /**
     * A response has begun, of a session whose responses have upstreams of their own.
     *
     * @param response the provider's id
     */
    public void created(String response, Instant asked, String account) {
        timeline.created(response, asked, account);
    }

    /** Something of the response's output has come. */
    public void delivered(String response, boolean audio) {
        if (timeline.awaits(audio)) {
            timeline.delivered(response, audio, ticker.now());
        }
    }

    /** The response has ended. */
    public void done(String response) {
        ended(response);
    }

    /**
     * How the session stands. Callable from any thread.
     *
     * @param loop the session's
     * @param upstream that serves it, if one does
     */
    public Future<SessionDetail> detail(Context loop, Instant startedAt, @Nullable UpstreamSession upstream) {
        Promise<SessionDetail> promise = Promise.promise();
        loop.runOnContext(_ -> promise.complete(new SessionDetail(
                upstream == null ? null : upstream.account(),
                upstream == null ? null : upstream.id(),
                order.permit().reserved(),
                startedAt.plus(order.tenant().sessionLengthMax()),
                order.permit().rateLimits(),
                timeline.snapshot())));
        return promise.future();
    }

    void began(boolean fromClient, MessageHead head) {
        EventType type = head.type();
        if (fromClient == (type == EventType.RESPONSE_CREATE)) {
            timeline.heard(type, ticker.now());
        }
        switch (type) {
            case RESPONSE_OUTPUT_AUDIO_DELTA -> delivered(head, true);
            case RESPONSE_OUTPUT_TEXT_DELTA,
                    RESPONSE_OUTPUT_AUDIO_TRANSCRIPT_DELTA,
                    RESPONSE_FUNCTION_CALL_ARGUMENTS_DELTA -> delivered(head, false);
            default -> {}
        }
    }

    /** What the upstream says of the beginning and the end of responses. */
    void collected(EventType type, Buffer utf8) {
        if (type == EventType.RESPONSE_CREATED) {
            String id = responseId(utf8);
            if (id != null) {
                timeline.created(id, ticker.now());
            }
        } else if (type == EventType.RESPONSE_DONE) {
            ended(timeline.ambiguous() ? responseId(utf8) : null);
        }
    }

    private void delivered(MessageHead head, boolean audio) {
        if (timeline.awaits(audio)) {
            timeline.delivered(timeline.ambiguous() ? head.peek("response_id") : null, audio, ticker.now());
        }
    }

    private void ended(@Nullable String response) {
        SessionTimeline.Turn turn = timeline.done(response, ticker.now());
        if (turn != null) {
            registry.onTurn(new SessionTimeline.Of(order.id(), order.tenant().id(), order.model()), turn);
        }
    }

    private static @Nullable String responseId(Buffer utf8) {
        JsonNode event = Json.object(utf8).orElse(null);
        return event == null ? null : event.path("response").path("id").textValue();
    }
}
