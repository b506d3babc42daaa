package dev.parley.cluster;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where commands to nodes wait. Blocks: only for virtual threads. Every call throws when the store cannot be asked now. */
public interface CommandStore {
    /** What an epoch has been asked and has not answered, in the order of the asking. */
    List<Command> waiting(long epoch);

    /** Answers; the first answer stands. */
    void answer(long command, String result);

    /** @param argument the session or the tenant; null for a drain */
    record Command(long id, Kind kind, @Nullable String argument) {}

    /** What a node can be asked. */
    enum Kind {
        END_SESSION,
        DRAIN,
        REFRESH_TENANT
    }
}
