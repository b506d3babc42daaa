package dev.parley.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.conversation.ClientError;
import dev.parley.conversation.Ids;
import dev.parley.conversation.SessionState;
import dev.parley.conversation.Tokens;
import dev.parley.conversation.Trees;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One response, from {@code response.created} to {@code response.done}: generates at the set speed, waits for a slow reader, and
 * is booked however it ends. Confined to the session's event loop.
 */
final class ResponseRun {
    /** Deltas in one turn of the event loop. */
    private static final int BURST = 16;
    /** How long the model thinks before it speaks, at the speed of a human. */
    private static final int THINKING_MILLIS = 300;

    private final SessionParts parts;
    private final ResponseRequest request;
    private final Consumer<ResponseRun> onEnded;
    private final String id = Ids.next("resp_");
    private final Meter meter;
    private final ResponsePrompt prompt;
    private final Tokens cached;
    private final Output output;
    private final Booking booking;
    private boolean begun;
    private boolean ended;
    private int deltas;
    private int reasoning;
    private double owedMillis;

    ResponseRun(SessionParts parts, ResponseRequest request, Prompt.Cache cache, Consumer<ResponseRun> onEnded) {
        this.parts = parts;
        this.request = request;
        this.onEnded = onEnded;
        this.meter = new Meter(request.outputTokensMax());
        this.prompt = ResponsePrompt.of(request, parts.state(), parts.conversation());
        Tokens hit = cache.admit(prompt.prompt());
        this.cached = parts.script().has(ScriptKey.CACHED_TOKENS)
                ? Prompt.Cache.firstTokens(prompt.prompt(), parts.script().count(ScriptKey.CACHED_TOKENS, 0))
                : hit;
        this.output = output();
        this.booking = parts.provider()
                .books()
                .begin(
                        Booking.Kind.RESPONSE,
                        id,
                        parts.state().id(),
                        parts.state().model());
    }

    String id() {
        return id;
    }

    int audioMillis() {
        return meter.audioMillis();
    }

    void start() {
        ObjectNode created = Trees.event("response.created");
        created.set("response", response("in_progress", null, null));
        parts.wire().send(created);
        tellRateLimits("start");
        if (prompt.hasOverflowed()) {
            fail(new ClientError("context_length_exceeded", "The input exceeds the context of the model.", null)
                    .toError());
            return;
        }
        reasoning = meter.takeText(parts.script().count(ScriptKey.REASONING_TOKENS, 0));
        int thinking = (int) (THINKING_MILLIS / parts.provider().options().speed());
        parts.timers().after(parts.script().count(ScriptKey.GENERATION_DELAY_MILLIS, thinking), this::pump);
    }

    /** Ends it as cancelled; usage counts what was generated. */
    void cancel(String reason) {
        if (!ended) {
            endItem("incomplete");
            String how = parts.script().choice(ScriptKey.USAGE, "present");
            finish("cancelled", details("cancelled", reason), parts.script().choice(ScriptKey.CANCELLED_USAGE, how));
            for (int late = parts.script().count(ScriptKey.ANSWERS_AFTER_CANCEL, 0); begun && late > 0; late--) {
                output.next();
            }
        }
    }

    /** The connection is gone. */
    void abandon() {
        if (!ended) {
            ended = true;
            parts.provider().books().write(booking.ended(Booking.LOST, usage(), 0, null));
        }
    }

    private void pump() {
        for (int i = 0; i < BURST; i++) {
            if (ended) {
                return;
            }
            if (parts.wire().isCongested()) {
                parts.wire().whenClear(this::pump);
                return;
            }
            if (isCutByScript()) {
                return;
            }
            if (!step()) {
                return;
            }
            int wait = pause();
            if (wait > 0) {
                parts.timers().after(wait, this::pump);
                return;
            }
        }
        parts.timers().soon(this::pump);
    }

    /** One delta; false when the response has ended. */
    private boolean step() {
        if (!begun) {
            begun = true;
            output.begin();
        }
        switch (output.next()) {
            case DELTA -> {
                deltas++;
                return true;
            }
            case COMPLETE -> {
                endItem("completed");
                finish("completed", null, parts.script().choice(ScriptKey.USAGE, "present"));
            }
            case FULL -> {
                endItem("incomplete");
                finish(
                        "incomplete",
                        details("incomplete", "max_output_tokens"),
                        parts.script().choice(ScriptKey.USAGE, "present"));
            }
        }
        return false;
    }

    private int pause() {
        int scripted = parts.script().count(ScriptKey.DELTA_INTERVAL_MILLIS, -1);
        if (scripted >= 0) {
            return scripted;
        }
        owedMillis += output.spokenMillis() / parts.provider().options().speed();
        int wait = (int) owedMillis;
        owedMillis -= wait;
        return wait;
    }

    private boolean isCutByScript() {
        Script script = parts.script();
        if (script.has(ScriptKey.RESET_AFTER_DELTAS) && deltas >= script.count(ScriptKey.RESET_AFTER_DELTAS, 0)) {
            abandon();
            parts.wire().reset();
            return true;
        }
        ObjectNode failure = script.object(ScriptKey.FAIL_RESPONSE).orElse(null);
        if (failure != null && deltas >= failure.path("afterDeltas").asInt(0)) {
            endItem("incomplete");
            fail(failure);
            return true;
        }
        if (script.has(ScriptKey.FILTER_AFTER_DELTAS) && deltas >= script.count(ScriptKey.FILTER_AFTER_DELTAS, 0)) {
            endItem("incomplete");
            finish("incomplete", details("incomplete", "content_filter"), script.choice(ScriptKey.USAGE, "present"));
            return true;
        }
        return false;
    }

    private void fail(ObjectNode error) {
        ObjectNode details = Trees.object().put("type", "failed");
        details.set(
                "error",
                Trees.object()
                        .put("type", error.path("type").asText("server_error"))
                        .put("code", error.path("code").textValue())
                        .put("message", error.path("message").asText("The server had an error.")));
        finish("failed", details, parts.script().choice(ScriptKey.USAGE, "present"));
    }

    private void endItem(String status) {
        if (begun) {
            output.end(status);
        }
    }

    private void finish(String status, @Nullable JsonNode details, String usageHow) {
        ended = true;
        Usage used = status.equals("failed") && !begun ? Usage.ZERO : usage();
        Books books = parts.provider().books();
        if (parts.script().flag(ScriptKey.RESET_BEFORE_DONE)) {
            books.write(booking.ended(status, used, 0, null));
            parts.wire().reset();
            return;
        }
        JsonNode told = used.told(usageHow);
        ObjectNode done = Trees.event("response.done");
        done.set("response", response(status, details, told));
        Booking closed = booking.ended(status, used, 0, told == null ? null : Trees.write(told));
        books.write(closed);
        parts.wire().send(done).onSuccess(written -> books.write(closed.asDelivered()));
        tellRateLimits("after");
        onEnded.accept(this);
    }

    private Usage usage() {
        return new Usage(prompt.prompt().tokens(), cached, meter.tokens(), reasoning);
    }

    private JsonNode details(String type, String reason) {
        return parts.script().flag(ScriptKey.STATUS_DETAILS_TEXT)
                ? Trees.object().textNode(reason)
                : Trees.object().put("type", type).put("reason", reason);
    }

    private void tellRateLimits(String when) {
        String how = parts.script().choice(ScriptKey.RATE_LIMITS, "after");
        boolean now = how.equals(when) || (how.equals("empty") && when.equals("after"));
        if (!now) {
            return;
        }
        ObjectNode event = Trees.event("rate_limits.updated");
        var limits = event.putArray("rate_limits");
        if (!how.equals("empty")) {
            long tokens = (long) usage().input().total() + usage().output().total();
            limits.add(parts.provider().rateLimits().take(parts.state().model(), tokens));
        }
        parts.wire().send(event);
    }

    private ObjectNode response(String status, @Nullable JsonNode details, @Nullable JsonNode usage) {
        ObjectNode response =
                Trees.object().put("object", "realtime.response").put("id", id).put("status", status);
        response.set("status_details", details);
        var list = response.putArray("output");
        if (begun) {
            list.add(output.item().json().deepCopy());
        }
        response.put(
                "conversation_id",
                request.outOfBand() ? null : parts.conversation().id());
        response.putArray("output_modalities").add(request.audio() ? "audio" : "text");
        response.set("max_output_tokens", request.maxOutputTokens());
        ObjectNode audio = response.putObject("audio").putObject("output");
        audio.set("format", request.format().toJson());
        audio.set("voice", request.voice());
        if (usage != null || status.equals("in_progress")) {
            response.set("usage", usage);
        }
        response.set("metadata", request.metadata());
        return response;
    }

    private Output output() {
        OutputEvents events = new OutputEvents(parts, id, request.outOfBand(), 0);
        return switch (Reply.to(prompt.items(), request, parts.script())) {
            case Reply.Call call -> new CallOutput(events, meter, call);
            case Reply.Message message ->
                new MessageOutput(
                        events,
                        meter,
                        parts.provider().voice(),
                        request,
                        message.text(),
                        parts.script().count(ScriptKey.AUDIO_DELTA_BYTES, 0),
                        SessionState.reasons(parts.state().model()));
        };
    }
}
