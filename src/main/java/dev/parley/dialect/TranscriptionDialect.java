package dev.parley.dialect;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vertx.core.buffer.Buffer;
import org.jspecify.annotations.Nullable;

/**
 * GA in a transcription session, for clients that did not say that they speak the beta: settings may be flat, as the beta had
 * them, and a client that sends {@code transcription_session.update} is answered in the beta from then on. One session; one event
 * loop.
 */
public final class TranscriptionDialect implements Dialect {
    private final @Nullable ModelAlias alias;
    private @Nullable BetaDialect beta;

    /** @param alias null if the client calls its model what the provider calls it */
    public TranscriptionDialect(@Nullable ModelAlias alias) {
        this.alias = alias;
    }

    @Override
    public boolean rewritesServerEvents() {
        return true;
    }

    @Override
    public Translation fromClient(Buffer utf8) {
        String type = Edits.type(utf8);
        BetaDialect spoken = beta;
        if (spoken == null && "transcription_session.update".equals(type)) {
            spoken = new BetaDialect(true, alias);
            beta = spoken;
        }
        if (spoken != null) {
            return spoken.fromClient(utf8);
        }
        return "session.update".equals(type) ? Edits.edited(utf8, this::update) : Translation.UNCHANGED;
    }

    @Override
    public Translation toClient(Buffer utf8) {
        BetaDialect spoken = beta;
        return spoken == null ? Translation.UNCHANGED : spoken.toClient(utf8);
    }

    private boolean update(ObjectNode event) {
        if (!(event.get("session") instanceof ObjectNode settings)) {
            return false;
        }
        boolean flat = Layout.SESSION.nest(settings);
        if (flat && !settings.has("type")) {
            settings.put("type", "transcription");
        }
        ModelAlias name = alias;
        return (name != null && name.resolve(settings)) || flat;
    }
}
