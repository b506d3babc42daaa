package dev.parley.session;

import dev.parley.protocol.SessionView;
import java.util.function.Supplier;

/** The session's configuration as the provider last told it. */
final class EffectiveConfig implements Supplier<SessionView> {
    private SessionView view;

    EffectiveConfig(SessionView created) {
        this.view = created;
    }

    @Override
    public SessionView get() {
        return view;
    }

    void set(SessionView updated) {
        view = updated;
    }
}
