package dev.parley.session;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.protocol.SessionView;
import java.util.function.Supplier;

/**
 * The session's configuration as the provider last told it. While updates are under way that make responses or audio
 * dearer, it is already the dearer one: the provider can act on an update before it tells of it.
 */
final class EffectiveConfig implements Supplier<SessionView> {
    private SessionView told;
    private SessionView view;
    private boolean audioAsked;
    private int bytesPerMilliMax = Integer.MAX_VALUE;

    EffectiveConfig(SessionView created) {
        this.told = created;
        this.view = created;
    }

    @Override
    public SessionView get() {
        return view;
    }

    /** An update with this {@code session} is going to be sent. */
    void expect(JsonNode session) {
        JsonNode modalities = session.path("output_modalities");
        audioAsked |= !modalities.isMissingNode() && !SessionView.onlyText(modalities);
        JsonNode format = session.path("audio").path("input").path("format");
        if (!format.isMissingNode()) {
            bytesPerMilliMax = Math.min(bytesPerMilliMax, SessionView.bytesPerMilli(format));
        }
        look();
    }

    void set(SessionView updated) {
        told = updated;
        look();
    }

    /** No update is under way any more. */
    void settled() {
        audioAsked = false;
        bytesPerMilliMax = Integer.MAX_VALUE;
        look();
    }

    private void look() {
        view = told.atMost(audioAsked, bytesPerMilliMax);
    }
}
