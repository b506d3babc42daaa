package dev.parley.session;

import org.jspecify.annotations.Nullable;

/**
 * A {@code response.create} from its arrival until the provider says that it was created or refused.
 *
 * @see ResponseBook
 */
final class PendingCreate {
    private final String sentEventId;
    private final @Nullable String clientEventId;
    private final OpenResponse.Terms terms;
    private final boolean gated;
    private @Nullable Cover cover;

    /**
     * @param sentEventId its id upstream
     * @param clientEventId the id that the client gave; null if it gave none, or if the broker made the event
     */
    PendingCreate(String sentEventId, @Nullable String clientEventId, boolean gated, OpenResponse.Terms terms) {
        this.gated = gated;
        this.sentEventId = sentEventId;
        this.clientEventId = clientEventId;
        this.terms = terms;
    }

    String sentEventId() {
        return sentEventId;
    }

    /** Whether the broker asks for it in place of an automatic one. */
    boolean gated() {
        return gated;
    }

    @Nullable
    String clientEventId() {
        return clientEventId;
    }

    OpenResponse.Terms terms() {
        return terms;
    }

    /** Null until it is decided; only a covered one is sent. */
    @Nullable
    Cover cover() {
        return cover;
    }

    void coverBy(Cover found) {
        cover = found;
    }
}
