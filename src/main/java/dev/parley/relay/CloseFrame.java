package dev.parley.relay;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Reads the payload of a close frame (RFC 6455 §5.5.1). */
final class CloseFrame {
    private CloseFrame() {}

    /** Why the payload is bad, or null. */
    static @Nullable Failure check(byte[] payload) {
        if (payload.length == 0) {
            return null;
        }
        if (payload.length == 1) {
            return Failure.protocol("close frame with half a code");
        }
        if (!CloseCodes.valid(code(payload))) {
            return Failure.protocol("close code " + code(payload));
        }
        Utf8Check utf8 = new Utf8Check();
        boolean good = utf8.accept(ByteBuffer.wrap(payload), 2, payload.length, 0) && utf8.complete();
        return good ? null : Failure.notUtf8();
    }

    static int code(byte[] payload) {
        return payload.length < 2 ? CloseCodes.NONE : ((payload[0] & 0xFF) << 8) | (payload[1] & 0xFF);
    }

    static String reason(byte[] payload) {
        return payload.length < 2 ? "" : new String(payload, 2, payload.length - 2, StandardCharsets.UTF_8);
    }
}
