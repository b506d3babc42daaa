package dev.parley.rest;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.domain.Refusal;
import dev.parley.protocol.Json;
import dev.parley.protocol.RejectionMapper;
import io.vertx.core.buffer.Buffer;
import java.util.HashMap;
import java.util.Map;

/**
 * What is answered.
 *
 * @param lost run when it is clear that nobody hears it
 */
public record Answer(int status, Map<String, String> headers, Buffer body, Runnable lost) {
    private static final int OK = 200;

    /** One that changes nothing when it is lost. */
    public Answer(int status, Map<String, String> headers, Buffer body) {
        this(status, headers, body, () -> {});
    }

    static Answer ok(JsonNode json) {
        return new Answer(
                OK, Map.of("Content-Type", "application/json", "Cache-Control", "no-store"), Json.bytes(json));
    }

    /** What is the same for everybody. */
    static Answer json(String json) {
        return new Answer(OK, Map.of("Content-Type", "application/json"), Buffer.buffer(json));
    }

    public Answer with(Map<String, String> more) {
        Map<String, String> all = new HashMap<>(headers);
        all.putAll(more);
        return new Answer(status, all, body, lost);
    }

    public static Answer refused(Refusal refusal) {
        return new Answer(
                refusal.kind().httpStatus(), RejectionMapper.httpHeaders(refusal), RejectionMapper.httpBody(refusal));
    }
}
