package dev.parley.simulator;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.conversation.Checks;
import dev.parley.conversation.ClientError;
import dev.parley.conversation.Trees;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The responses of a session: one at a time for the default conversation, many out of band. Confined to the event loop. */
final class Responses {
    /** In place of the length of the audio: the default conversation has not moved. */
    static final int OUT_OF_BAND = -1;

    private static final int PARALLEL_MAX = 256;

    /** Told after each response, with how many have ended and how long its audio plays. */
    interface EndListener {
        void onResponseEnded(int responsesEnded, int audioMillis);
    }

    private final SessionParts parts;
    private final EndListener listener;
    private final Prompt.Cache cache = new Prompt.Cache();
    private final Map<String, ResponseRun> running = new LinkedHashMap<>();
    private @Nullable ResponseRun active;
    private boolean automaticPending;
    private boolean spoken;
    private int ended;

    Responses(SessionParts parts, EndListener listener) {
        this.parts = parts;
        this.listener = listener;
    }

    void create(ObjectNode event) {
        if (parts.state().isTranscription()) {
            throw new ClientError("invalid_event", "A transcription session creates no responses.", "type");
        }
        parts.script().object(ScriptKey.REFUSE_RESPONSE).ifPresent(error -> {
            throw new ClientError(
                    error.path("type").asText(ClientError.INVALID_REQUEST),
                    error.path("code").textValue(),
                    error.path("message").asText("The response was refused."),
                    null);
        });
        ObjectNode overrides =
                event.hasNonNull("response") ? Checks.object(event.path("response"), "response") : Trees.object();
        ResponseRequest request = ResponseRequest.read(overrides, parts.state(), parts.conversation());
        ResponseRun current = active;
        if (!request.outOfBand() && current != null) {
            throw new ClientError(
                    "conversation_already_has_active_response",
                    "Conversation already has an active response in progress: " + current.id()
                            + ". Wait until the response is finished before creating a new one.",
                    null);
        }
        if (running.size() >= PARALLEL_MAX) {
            throw ClientError.wrongValue("response", "At most " + PARALLEL_MAX + " responses run at once.");
        }
        start(request);
    }

    /** A turn has ended. While a response still runs, the next one waits for its end. */
    void createAutomatically() {
        if (active != null) {
            automaticPending = true;
        } else {
            start(ResponseRequest.automatic(parts.state()));
        }
    }

    void cancel(ObjectNode event) {
        if (parts.script().flag(ScriptKey.IGNORE_CANCEL)) {
            return;
        }
        String id = Checks.optionalText(event, "response_id", "response_id");
        ResponseRun run = id == null ? active : running.get(id);
        if (run == null) {
            throw new ClientError("response_cancel_not_active", "Cancellation failed: no active response found", null);
        }
        run.cancel("client_cancelled");
    }

    /** The user speaks: the default conversation's response ends, out-of-band ones go on. */
    void interrupt() {
        automaticPending = false;
        if (active != null) {
            active.cancel("turn_detected");
        }
    }

    boolean isActive() {
        return active != null;
    }

    /** Whether the assistant has spoken, which locks the voice. */
    boolean hasSpoken() {
        return spoken || (active != null && active.audioMillis() > 0);
    }

    /** The connection is gone: what runs stays in the books as lost. */
    void abandon() {
        automaticPending = false;
        List.copyOf(running.values()).forEach(ResponseRun::abandon);
        running.clear();
        active = null;
    }

    private void start(ResponseRequest request) {
        ResponseRun run = new ResponseRun(parts, request, cache, this::onEnded);
        running.put(run.id(), run);
        if (!request.outOfBand()) {
            active = run;
        }
        run.start();
    }

    private void onEnded(ResponseRun run) {
        running.remove(run.id());
        spoken |= run.audioMillis() > 0;
        ended++;
        if (run == active) {
            active = null;
            listener.onResponseEnded(ended, run.audioMillis());
            if (automaticPending) {
                automaticPending = false;
                start(ResponseRequest.automatic(parts.state()));
            }
        } else {
            listener.onResponseEnded(ended, OUT_OF_BAND);
        }
    }
}
