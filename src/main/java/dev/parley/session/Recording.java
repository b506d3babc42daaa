package dev.parley.session;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.concurrent.Ticker;
import dev.parley.protocol.EventType;
import dev.parley.protocol.Json;
import dev.parley.relay.Gate;
import dev.parley.relay.MessageHead;
import dev.parley.upstream.UpstreamConnector.UpstreamSession;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Notes in a session's timeline what passes its gates, whichever upstream serves it. One event loop. */
public final class Recording {
    private final Timeline timeline = new Timeline();
    private final SessionOrder order;
    private final SessionRegistry registry;
    private final Ticker ticker;

    /** @param registry hears of the turns that are done */
    public Recording(SessionOrder order, SessionRegistry registry, Ticker ticker) {
        this.order = order;
        this.registry = registry;
        this.ticker = ticker;
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
