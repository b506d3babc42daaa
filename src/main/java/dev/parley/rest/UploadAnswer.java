package dev.parley.rest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.protocol.Json;
import dev.parley.protocol.Scrubber;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpServerResponse;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads the provider's answer to a file. A whole answer is kept until it is written down what it cost; of a stream only its last
 * events are, from the one that tells of usage on. One event loop.
 */
final class UploadAnswer {
    private static final int KEPT_BYTES_MAX = 8 << 20;
    private static final int OK = 200;
    private static final int SERVER_FAULTS = 500;
    private static final int TOO_MANY = 429;
    private static final int UNAUTHORIZED = 401;
    private static final int FORBIDDEN = 403;
    private static final String EVENTS = "text/event-stream";
    private static final Pattern BLANK_LINE = Pattern.compile("\n\r?\n");
    private static final String DONE = "transcript.text.done";

    private final HttpClientResponse answer;
    private final Consumer<Outcome> listener;
    private final HttpServerResponse client;
    private final String contentType;
    private final boolean streams;
    private Buffer kept = Buffer.buffer();
    /** From here on nothing goes to the client before it is written down. */
    private boolean holding;

    private JsonNode usage = MissingNode.getInstance();
    private boolean over;

    /** What came of it. */
    sealed interface Outcome {
        /** @param rest what the client has not had yet */
        record Told(JsonNode usage, String contentType, Buffer rest) implements Outcome {
            Future<Void> tell(HttpServerResponse client) {
                if (client.closed()) {
                    return Future.succeededFuture();
                }
                if (!client.headWritten()) {
                    client.putHeader("Content-Type", contentType).putHeader("Connection", "close");
                }
                return client.end(rest);
            }
        }

        /** The provider did not do it. */
        record Refused(Refusal refusal) implements Outcome {}

        /** Nobody knows. */
        record Lost() implements Outcome {}
    }

    private UploadAnswer(HttpClientResponse answer, Consumer<Outcome> listener, HttpServerResponse client) {
        this.answer = answer;
        this.listener = listener;
        this.client = client;
        this.contentType = String.valueOf(answer.getHeader("Content-Type"));
        this.streams = answer.statusCode() == OK && contentType.startsWith(EVENTS);
    }

    static UploadAnswer of(HttpClientResponse answer, Consumer<Outcome> listener, HttpServerResponse client) {
        UploadAnswer reading = new UploadAnswer(answer, listener, client);
        reading.read();
        return reading;
    }

    /** Nobody takes the answer any more: it is read to its end, for what it tells of usage. */
    void clientGone() {
        answer.resume();
    }

    private void read() {
        answer.handler(this::take);
        answer.exceptionHandler(_ -> tell(new Outcome.Lost()));
        answer.endHandler(_ -> tell(outcome()));
    }

    private void take(Buffer piece) {
        kept.appendBuffer(piece);
        if (kept.length() > KEPT_BYTES_MAX) {
            answer.request().reset();
            tell(new Outcome.Lost());
        } else if (streams && !holding) {
            passEvents();
        }
    }

    /** Passes whole events on, up to the one that tells of usage. */
    private void passEvents() {
        String text = kept.toString(StandardCharsets.ISO_8859_1);
        int from = 0;
        for (int end = behindEvent(text, 0); end >= 0 && !holding; end = behindEvent(text, from)) {
            holding = text.substring(from, end).contains(DONE);
            from = holding ? from : end;
        }
        if (from > 0) {
            write(kept.slice(0, from));
            kept = kept.getBuffer(from, kept.length());
        }
    }

    /** Where the event ends that begins there, with its blank line; -1 if it has not ended. */
    private static int behindEvent(String text, int from) {
        Matcher blank = BLANK_LINE.matcher(text);
        return blank.find(from) ? blank.end() : -1;
    }

    private void write(Buffer events) {
        if (client.closed()) {
            return;
        }
        if (!client.headWritten()) {
            client.setChunked(true).putHeader("Content-Type", contentType).putHeader("Connection", "close");
        }
        client.write(events.copy());
        if (client.writeQueueFull()) {
            answer.pause();
            client.drainHandler(_ -> answer.resume());
        }
    }

    private Outcome outcome() {
        if (answer.statusCode() != OK) {
            return new Outcome.Refused(refusal());
        }
        if (streams) {
            for (String line : kept.toString(StandardCharsets.UTF_8).split("\r?\n", -1)) {
                if (line.startsWith("data:") && line.contains(DONE)) {
                    usage = usageOf(
                            Buffer.buffer(line.substring("data:".length()).trim()));
                }
            }
        } else if (contentType.startsWith("application/json")) {
            usage = usageOf(kept);
        }
        return new Outcome.Told(usage, contentType, kept);
    }

    private static JsonNode usageOf(Buffer json) {
        return Json.object(json).map(object -> object.path("usage")).orElse(MissingNode.getInstance());
    }

    /** What is wrong with the client's request is told; what is wrong with the account is nobody's business but the operator's. */
    private Refusal refusal() {
        int status = answer.statusCode();
        if (status >= SERVER_FAULTS || status == TOO_MANY || status == UNAUTHORIZED || status == FORBIDDEN) {
            return UploadRefusals.unavailable();
        }
        JsonNode error = Json.object(kept).map(object -> object.path("error")).orElse(MissingNode.getInstance());
        Refusal told = Refusal.of(
                Kind.BAD_REQUEST,
                Scrubber.code(error.path("code").asText("invalid_request")),
                Scrubber.scrub(error.path("message").asText("The upstream refused the file.")));
        return error.path("param").isTextual() ? told.param(error.path("param").textValue()) : told;
    }

    private void tell(Outcome outcome) {
        if (!over) {
            over = true;
            listener.accept(outcome);
        }
    }
}
