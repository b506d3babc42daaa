package dev.parley.session;

import dev.parley.domain.TokenUsage;
import org.jspecify.annotations.Nullable;

/** A response from its {@code response.created} to its {@code response.done}, with what was delivered of it so far. */
final class OpenResponse {
    private final String id;
    private final Terms terms;
    /** The create that it was taken for the answer to. */
    private @Nullable PendingCreate cause;

    private @Nullable Cover cover;
    private final Delivered delivered = new Delivered();
    private boolean cancelled;

    OpenResponse(String id, Terms terms, @Nullable Cover cover) {
        this.id = id;
        this.terms = terms;
        this.cover = cover;
    }

    /**
     * How it was started.
     *
     * @param standard whether it continues the default conversation
     * @param readsConversation whether it reads all of the default conversation
     * @param overrides whether it has instructions or tools of its own
     * @param automatic whether the provider started it by itself
     * @param mark a moment of the {@link ContextMeter} not later than its start
     * @param input what it reads, at most
     */
    record Terms(
            boolean standard,
            boolean readsConversation,
            boolean overrides,
            boolean automatic,
            InputTokens mark,
            InputTokens input) {}

    String id() {
        return id;
    }

    Terms terms() {
        return terms;
    }

    @Nullable
    Cover cover() {
        return cover;
    }

    void coverBy(Cover found) {
        cover = found;
    }

    @Nullable
    PendingCreate cause() {
        return cause;
    }

    void causedBy(@Nullable PendingCreate create) {
        cause = create;
    }

    /** True the first time only. */
    boolean cancelOnce() {
        boolean first = !cancelled;
        cancelled = true;
        return first;
    }

    void delivered(long messageBytes, boolean audio) {
        delivered.add(messageBytes, audio);
    }

    /** What it has used as far as anyone can tell. */
    TokenUsage estimate(long contextTokensMax, int audioBytesPerMilli) {
        return delivered.estimate(terms.input(), contextTokensMax, audioBytesPerMilli);
    }
}
