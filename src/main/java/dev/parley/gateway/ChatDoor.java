package dev.parley.gateway;

import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.gateway.SessionOpener.Entrance;
import dev.parley.gateway.SessionOpener.Opening;
import dev.parley.protocol.RejectionMapper;
import dev.parley.relay.Legs;
import dev.parley.relay.RelayLimits;
import io.vertx.core.AsyncResult;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.WebSocketFrame;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The older handshake, {@code GET /v1/chat}: the socket is opened first, and the credential is in its first event, which has to
 * come soon and be small. From there on it is a session like others. One request; one event loop.
 */
final class ChatDoor {
    static final String PATH = "/v1/chat";

    private static final Logger LOGGER = LoggerFactory.getLogger(ChatDoor.class);
    private static final int EVENT_BYTES_MAX = 64 << 10;
    private static final Duration DECISION_MAX = Duration.ofSeconds(15);
    private static final String ERROR_ID = "event_parley_refused";
    private static final Refusal LATE = Refusal.of(
            Kind.UNAUTHENTICATED,
            "client_secret_timeout",
            "The first event, with the credential, did not come in time.");
    private static final Refusal TOO_LARGE = Refusal.of(
            Kind.BAD_REQUEST,
            "first_event_too_large",
            "The first event may have " + EVENT_BYTES_MAX + " bytes, all of it text.");
    private static final Refusal FAILED =
            Refusal.of(Kind.OVERLOADED, "server_error", "Please try again.").retryAfter(Duration.ofSeconds(2));

    private final Vertx vertx;
    private final Legs legs;
    private final RelayLimits limits;
    private final SessionOpener opener;
    private final Strangers strangers;
    private final Duration firstEventMax;
    private String address = "";

    /** @param firstEventMax how long the first event may take from the upgrade on */
    ChatDoor(
            Vertx vertx,
            Legs legs,
            RelayLimits limits,
            SessionOpener opener,
            Strangers strangers,
            Duration firstEventMax) {
        this.vertx = vertx;
        this.legs = legs;
        this.limits = limits;
        this.opener = opener;
        this.strangers = strangers;
        this.firstEventMax = firstEventMax;
    }

    /** Lets a client in that has not said who it is; why not, or empty: then {@link #enter} or {@link #left} follows. */
    Optional<Refusal> admit(HttpServerRequest request) {
        MultiMap headers = request.headers();
        boolean credential = headers.contains("Authorization")
                || headers.getAll("Sec-WebSocket-Protocol").stream()
                        .anyMatch(line -> line.contains(HandshakeParser.KEY_SUBPROTOCOL));
        if (credential) {
            return Optional.of(
                    Refusal.of(
                            Kind.BAD_REQUEST,
                            "conflicting_credentials",
                            "On " + PATH
                                    + " the credential comes in the first event; to send it with the upgrade use /v1/realtime."));
        }
        address = String.valueOf(request.remoteAddress().hostAddress());
        return strangers.admit(address)
                ? Optional.empty()
                : Optional.of(Refusal.of(
                                Kind.RATE_LIMITED,
                                "too_many_unauthenticated",
                                "Too many connections wait for their first event: " + Strangers.ADDRESS_MAX
                                        + " of one address, and " + Strangers.NODE_MAX + " in all.")
                        .retryAfter(firstEventMax));
    }

    /** The upgrade is done. */
    void enter(HttpServerRequest request, ServerWebSocket socket) {
        new Visit(request, socket).begin();
    }

    /** The client was lost before the upgrade was done. */
    void left() {
        strangers.leave(address);
    }

    private static boolean isData(WebSocketFrame frame) {
        return frame.isText() || frame.isBinary() || frame.isContinuation();
    }

    /** A socket until it has a session. */
    private final class Visit {
        private final HttpServerRequest request;
        private final ServerWebSocket socket;
        private final Buffer event = Buffer.buffer();
        /** What was read with the first event, and belongs to the session. */
        private final List<WebSocketFrame> behind = new ArrayList<>();

        private boolean heard;
        private boolean over;
        private long timer;

        Visit(HttpServerRequest request, ServerWebSocket socket) {
            this.request = request;
            this.socket = socket;
        }

        void begin() {
            legs.bound(socket, 2 * EVENT_BYTES_MAX); // so that what is a little too large is told so
            timer = vertx.setTimer(firstEventMax.toMillis(), _ -> refuse(LATE));
            socket.exceptionHandler(_ -> {}); // the close tells
            socket.closeHandler(_ -> end());
            socket.frameHandler(this::frame);
        }

        private void frame(WebSocketFrame frame) {
            if (over || !isData(frame)) {
                return;
            }
            if (heard) {
                behind.add(frame);
                return;
            }
            Buffer payload = frame.binaryData();
            if (frame.isBinary() || event.length() + payload.length() > EVENT_BYTES_MAX) {
                refuse(TOO_LARGE);
                return;
            }
            event.appendBuffer(payload);
            if (frame.isFinal()) {
                heard = true;
                legs.read(socket, false);
                hear();
            }
        }

        private void hear() {
            vertx.cancelTimer(timer);
            timer = vertx.setTimer(DECISION_MAX.toMillis(), _ -> refuse(FAILED));
            switch (FirstEvent.read(request.query(), request.headers(), event)) {
                case FirstEvent.Outcome.Refused(Refusal refusal) -> refuse(refusal);
                case FirstEvent.Outcome.Asked(Handshake handshake, Buffer rest) ->
                    opener.open(handshake).onComplete(opening -> decided(opening, rest));
            }
        }

        private void decided(AsyncResult<Opening> opening, @Nullable Buffer rest) {
            if (opening.failed()) {
                LOGGER.atError().setCause(opening.cause()).log("a handshake failed for an unexpected reason");
                refuse(FAILED);
                return;
            }
            switch (opening.result()) {
                case Opening.Refused(Refusal refusal) -> refuse(refusal);
                case Opening.Accepted(Entrance entrance) when over -> entrance.abandon();
                case Opening.Accepted(Entrance entrance) -> {
                    end();
                    socket.closeHandler(null);
                    if (rest != null) {
                        behind.addFirst(WebSocketFrame.textFrame(rest.toString(), true));
                    }
                    entrance.enter(legs.client(socket, limits, behind));
                }
            }
        }

        private void refuse(Refusal refusal) {
            if (over) {
                return;
            }
            end();
            LOGGER.atDebug().addKeyValue("code", refusal.code()).log("refused after the upgrade");
            socket.frameHandler(_ -> {});
            legs.read(socket, true); // its close
            socket.writeTextMessage(
                    RejectionMapper.errorEvent(refusal, ERROR_ID, null).toString());
            socket.close((short) refusal.kind().closeCode(), RejectionMapper.closeReason(refusal));
        }

        /** It is no stranger any more. Once. */
        private void end() {
            if (!over) {
                over = true;
                vertx.cancelTimer(timer);
                strangers.leave(address);
            }
        }
    }
}
