package dev.parley.upstream;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.protocol.EventType;
import dev.parley.protocol.Json;
import dev.parley.protocol.Scrubber;
import dev.parley.relay.Delivery;
import dev.parley.relay.Gate;
import dev.parley.relay.Leg;
import dev.parley.relay.LegEnd;
import dev.parley.relay.MessageHead;
import dev.parley.upstream.UpstreamConnector.Outcome;
import dev.parley.upstream.UpstreamConnector.UpstreamSession;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Judges a fresh upstream until its {@code session.created}: the handshake alone says almost nothing, because a bad key, a
 * bad model and an exhausted quota all come after it. The new owner takes the leg over within the call that completes
 * {@link #open}, so no message falls between two gates.
 */
final class OpeningGate implements Gate {
    private static final Logger LOGGER = LoggerFactory.getLogger(OpeningGate.class);

    /** Mistakes in what was asked for: another try with the same request cannot succeed. */
    private static final Set<String> ASKED_WRONGLY = Set.of("invalid_model", "model_not_found", "invalid_intent");

    private final Vertx vertx;
    private final Leg leg;
    private final String account;
    private final Runnable ended;
    private final Promise<Outcome> outcome = Promise.promise();
    private long timer;

    OpeningGate(Vertx vertx, Leg leg, String account, Runnable ended) {
        this.vertx = vertx;
        this.leg = leg;
        this.account = account;
        this.ended = ended;
    }

    Future<Outcome> open(Duration timeout) {
        timer = vertx.setTimer(
                timeout.toMillis(),
                _ -> fail("timeout", Unavailable.refusal("The upstream did not open the session in time.")));
        leg.judge(this);
        leg.start();
        return outcome.future();
    }

    @Override
    public Verdict onMessage(MessageHead head) {
        return head.isText() ? Verdict.COLLECT : Verdict.DROP;
    }

    @Override
    public Delivery onCollected(MessageHead head, Buffer utf8) {
        if (head.type() == EventType.SESSION_CREATED) {
            created(utf8.copy());
        } else if (head.type() == EventType.ERROR) {
            refused(Json.object(utf8).map(event -> event.path("error")).orElse(null));
        }
        return Delivery.dropped();
    }

    @Override
    public void onEnd(LegEnd end) {
        fail("close_" + end.code(), Unavailable.refusal("The upstream closed the connection."));
        ended.run();
    }

    private void created(Buffer event) {
        Optional<JsonNode> tree = Json.object(event);
        if (tree.isEmpty()) {
            fail(
                    "unreadable",
                    Unavailable.refusal("The upstream opened the session with an event that cannot be read."));
            return;
        }
        String id = tree.get().path("session").path("id").textValue();
        vertx.cancelTimer(timer);
        outcome.tryComplete(new Outcome.Connected(new UpstreamSession(leg, account, id, event, ended)));
    }

    private void refused(@Nullable JsonNode error) {
        String code = error == null
                ? "error"
                : error.path("code").asText(error.path("type").asText("error"));
        String message =
                error == null ? "" : Scrubber.scrub(error.path("message").asText(""));
        boolean askedWrongly = ASKED_WRONGLY.contains(code);
        Refusal refusal = askedWrongly
                ? Refusal.of(Kind.BAD_REQUEST, code, message)
                : Unavailable.refusal("The upstream refused the session.");
        LOGGER.atError()
                .addKeyValue("account", account)
                .addKeyValue("code", Scrubber.code(code))
                .addKeyValue("detail", message)
                .log("the upstream refused a session");
        fail(Scrubber.code(code), refusal);
    }

    private void fail(String code, Refusal refusal) {
        vertx.cancelTimer(timer);
        if (outcome.tryComplete(new Outcome.Unavailable(refusal, code))) {
            leg.close(1000, "");
        }
    }
}
