package dev.parley.session;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.protocol.JsonSplice;
import dev.parley.protocol.Scrubber;
import dev.parley.relay.Delivery;
import dev.parley.upstream.UpstreamConnector.Lease;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The provider's {@code error} events: whose they are, what they undo, and what of them the client sees. */
final class UpstreamErrors {
    private static final Logger LOGGER = LoggerFactory.getLogger(UpstreamErrors.class);
    private static final List<String> MESSAGE = List.of("error", "message");
    private static final List<String> EVENT_ID = List.of("error", "event_id");

    private final SessionLife life;
    private final OwnEvents ids;
    private final SessionUpdates updates;
    private final @Nullable Responses responses;
    private final SessionReport report;
    private final Lease lease;

    UpstreamErrors(
            SessionLife life,
            OwnEvents ids,
            SessionUpdates updates,
            @Nullable Responses responses,
            SessionReport report,
            Lease lease) {
        this.life = life;
        this.ids = ids;
        this.updates = updates;
        this.responses = responses;
        this.report = report;
        this.lease = lease;
    }

    /** The error of a response that failed. */
    void ofResponse(JsonNode failure) {
        String code =
                Scrubber.code(failure.path("code").asText(failure.path("type").asText("response_failed")));
        lease.reported(code);
        report.upstreamError(code, failure.path("message").asText(""), false);
    }

    Delivery judge(JsonNode error, Buffer utf8) {
        String eventId = error.path("event_id").textValue();
        String code = Scrubber.code(error.path("code").asText(error.path("type").asText("error")));
        lease.reported(code);
        if (code.equals("session_expired") && life.outlivesUpstream()) {
            return Delivery.dropped();
        }
        Answered answered = eventId == null ? Answered.NOTHING : answered(eventId);
        if (answered == Answered.OWN) {
            LOGGER.atDebug().addKeyValue("code", code).log("the upstream refused an event of the broker's own");
            return Delivery.dropped();
        }
        String message = error.path("message").asText("");
        report.upstreamError(
                code, message, "invalid_request_error".equals(error.path("type").textValue()));
        Buffer told = ProviderWords.in(utf8, error, MESSAGE);
        if (answered == Answered.CLIENTS_WITHOUT_ID) {
            told = JsonSplice.set(told, EVENT_ID, "null");
        }
        return told.equals(utf8) ? Delivery.asIs() : Delivery.replaced(told);
    }

    private enum Answered {
        NOTHING,
        OWN,
        CLIENTS,
        CLIENTS_WITHOUT_ID
    }

    private Answered answered(String eventId) {
        UpdateQueue.Update update = updates.refused(eventId);
        Optional<PendingCreate> create =
                update == null && responses != null ? responses.refused(eventId) : Optional.empty();
        if (!ids.isOwn(eventId)) {
            return Answered.CLIENTS;
        }
        boolean clients = (update != null && !update.own())
                || create.filter(found -> !found.gated()).isPresent();
        return clients ? Answered.CLIENTS_WITHOUT_ID : Answered.OWN;
    }
}
