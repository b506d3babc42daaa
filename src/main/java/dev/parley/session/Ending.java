package dev.parley.session;

import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.protocol.RejectionMapper;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Why the broker ends a session: what the client is told, and how its socket is closed.
 *
 * @param origin who is at fault: {@code client}, {@code upstream}, {@code broker}
 * @param clientEventId the client event that caused it, if any
 * @param normal true for ends that need nobody's attention
 */
public record Ending(
        String origin,
        Refusal refusal,
        @Nullable String clientEventId,
        int closeCode,
        String closeReason,
        boolean normal) {
    private static final int CLOSE_NORMAL = 1000;
    private static final int CLOSE_GOING_AWAY = 1001;
    private static final int CLOSE_UNSUPPORTED_DATA = 1003;

    public static Ending of(String origin, Refusal refusal) {
        return new Ending(
                origin, refusal, null, refusal.kind().closeCode(), RejectionMapper.closeReason(refusal), false);
    }

    public static Ending expired(Duration longest) {
        String message = "Your session hit the maximum duration of " + Math.max(1, longest.toMinutes()) + " minutes.";
        return of("client", Refusal.of(Kind.BAD_REQUEST, "session_expired", message))
                .closing(CLOSE_GOING_AWAY, message)
                .withoutAlarm();
    }

    /** The client asked for the end and has been told of it: only the close is left. */
    public static Ending closed() {
        return of("client", over()).closing(CLOSE_NORMAL, "").withoutAlarm();
    }

    /** Something comes too late. */
    static Refusal over() {
        return Refusal.of(Kind.BAD_REQUEST, "session_closed", "The session is closed.");
    }

    /** The client has sent a message that is not text. */
    public static Ending binary() {
        String message = "Binary messages are not part of the protocol: audio travels as base64 in JSON.";
        return of("client", Refusal.of(Kind.BAD_REQUEST, "binary_message", message))
                .closing(CLOSE_UNSUPPORTED_DATA, "binary messages are not supported");
    }

    public static Ending drained() {
        return of("broker", draining()).withoutAlarm();
    }

    public static Refusal draining() {
        return Refusal.of(Kind.DRAINING, "node_draining", "This node is shutting down; connect again to reach another.")
                .retryAfter(Duration.ofSeconds(1));
    }

    public Ending causedBy(@Nullable String eventId) {
        return new Ending(origin, refusal, eventId, closeCode, closeReason, normal);
    }

    public Ending closing(int code, String reason) {
        return new Ending(origin, refusal, clientEventId, code, reason, normal);
    }

    public Ending withoutAlarm() {
        return new Ending(origin, refusal, clientEventId, closeCode, closeReason, true);
    }
}
