package dev.parley.session;

import dev.parley.domain.ModelName;
import dev.parley.domain.SessionId;
import dev.parley.domain.TenantId;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What has passed in a live session of late, the oldest first: types, sizes and times, never content. */
public record SessionTimeline(List<Span> spans, List<Turn> turns) {
    public SessionTimeline {
        spans = List.copyOf(spans);
        turns = List.copyOf(turns);
    }

    /**
     * Events of one type and direction that followed each other.
     *
     * @param type as on the wire, or {@code other}
     * @param bytes of all of them, as they came
     */
    public record Span(boolean fromClient, String type, Instant from, Instant to, int events, long bytes) {}

    /**
     * One response.
     *
     * @param response the provider's id, by which its usage entry knows it
     * @param account of the upstream that has it, where each response of a session may have another one; else null
     * @param asked when the user's side ended: the client's {@code response.create}, or the end of speech that the provider saw
     * @param firstOutput when the first delta came; null if none did
     * @param firstAudio when the first audio came; null if none did
     * @param done null while it runs
     */
    public record Turn(
            String response,
            @Nullable String account,
            Instant asked,
            @Nullable Instant firstOutput,
            @Nullable Instant firstAudio,
            @Nullable Instant done) {}

    /**
     * Whose a timeline is.
     *
     * @param model null for transcription without one
     */
    public record Of(
            SessionId session, TenantId tenant, @Nullable ModelName model) {}

    /** Hears of every turn that is done; on event loops, so it must not block. */
    @FunctionalInterface
    public interface Listener {
        void onTurn(Of session, Turn turn);
    }
}
