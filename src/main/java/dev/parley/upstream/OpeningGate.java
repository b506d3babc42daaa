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
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Judges a fresh upstream until its {@code session.created}: the handshake alone says almost nothing, because a bad key, a
 * bad model and an exhausted quota all come after it. The new owner takes the leg over within the call that tells of it, so
 * no message falls between two gates.
 */
final class OpeningGate implements Gate {
    private static final Logger LOGGER = LoggerFactory.getLogger(OpeningGate.class);

    private final Vertx vertx;
    private final Leg leg;
    private final String account;
    private final ProviderNames names;
    private final Dialer.Call call;
    private long timer;
    private boolean told;

    OpeningGate(Vertx vertx, Leg leg, String account, ProviderNames names, Dialer.Call call) {
        this.vertx = vertx;
        this.leg = leg;
        this.account = account;
        this.names = names;
        this.call = call;
    }

    void open(Duration timeout) {
        timer = vertx.setTimer(
                Math.max(1, timeout.toMillis()),
                _ -> fail(Fault.UNREACHABLE, "timeout", "The upstream did not open the session in time."));
        leg.judge(this);
        leg.start();
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
        Fault fault = Fault.inReason(end.reason()).map(Fault::ofAccountCode).orElse(Fault.UNREACHABLE);
        fail(fault, "close_" + end.code(), "The upstream closed the connection.");
        call.gone();
    }

    private void created(Buffer event) {
        Optional<JsonNode> tree = Json.object(event);
        if (tree.isEmpty()) {
            fail(Fault.UNREACHABLE, "unreadable", "The upstream opened the session with an event that cannot be read.");
            return;
        }
        vertx.cancelTimer(timer);
        told = true;
        call.opened(new Dialer.Opened(
                leg, tree.get().path("session").path("id").textValue(), names.fromProvider(tree.get(), event), names));
    }

    private void refused(@Nullable JsonNode error) {
        String code = error == null
                ? "error"
                : error.path("code").asText(error.path("type").asText("error"));
        String message =
                error == null ? "" : Scrubber.scrub(error.path("message").asText(""));
        Fault fault = Fault.ofCode(code);
        LOGGER.atError()
                .addKeyValue("account", account)
                .addKeyValue("code", Scrubber.code(code))
                .addKeyValue("detail", message)
                .log("the upstream refused a session");
        Refusal refusal = fault == Fault.REQUEST
                ? Refusal.of(Kind.BAD_REQUEST, code, message)
                : Unavailable.refusal("The upstream refused the session.");
        fail(new Dialer.Failure(fault, Scrubber.code(code), null, refusal));
    }

    private void fail(Fault fault, String code, String message) {
        fail(new Dialer.Failure(fault, code, null, Unavailable.refusal(message)));
    }

    private void fail(Dialer.Failure failure) {
        vertx.cancelTimer(timer);
        if (!told) {
            told = true;
            call.failed(failure);
            leg.close(1000, "");
        }
    }
}
