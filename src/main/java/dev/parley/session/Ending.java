package dev.parley.session;

import dev.parley.domain.Refusal;
import dev.parley.protocol.RejectionMapper;
import org.jspecify.annotations.Nullable;

/**
 * Why the broker ends a session: what the client is told, and how its socket is closed.
 *
 * @param origin who is at fault: {@code client}, {@code upstream}, {@code broker}
 * @param clientEventId the client event that caused it, if any
 * @param normal true for ends that need nobody's attention
 */
record Ending(
        String origin,
        Refusal refusal,
        @Nullable String clientEventId,
        int closeCode,
        String closeReason,
        boolean normal) {
    static Ending of(String origin, Refusal refusal) {
        return new Ending(
                origin, refusal, null, refusal.kind().closeCode(), RejectionMapper.closeReason(refusal), false);
    }

    Ending causedBy(@Nullable String eventId) {
        return new Ending(origin, refusal, eventId, closeCode, closeReason, normal);
    }

    Ending closing(int code, String reason) {
        return new Ending(origin, refusal, clientEventId, code, reason, normal);
    }

    Ending withoutAlarm() {
        return new Ending(origin, refusal, clientEventId, closeCode, closeReason, true);
    }
}
