package dev.parley.simulator;

import dev.parley.conversation.SessionState;
import java.util.Set;

/** The provider's catalogue: what may stand in the URL, and what may transcribe. */
final class Models {
    private static final Set<String> CONVERSATION = Set.of(
            "gpt-realtime-2.1",
            "gpt-realtime-2",
            "gpt-realtime-2.1-mini",
            "gpt-realtime-1.5",
            "gpt-realtime",
            "gpt-realtime-2025-08-28",
            "gpt-realtime-mini",
            "gpt-realtime-mini-2025-10-06",
            "gpt-realtime-mini-2025-12-15");
    private static final Set<String> BY_TOKENS = Set.of(
            "gpt-4o-transcribe",
            "gpt-4o-transcribe-diarize",
            "gpt-4o-mini-transcribe",
            "gpt-4o-mini-transcribe-2025-12-15");
    private static final Set<String> BY_SECONDS =
            Set.of("whisper-1", "gpt-transcribe", "gpt-live-transcribe", "gpt-realtime-whisper");
    private static final int CONTEXT_LARGE = 128_000;
    private static final int CONTEXT_SMALL = 32_768;

    private Models() {}

    static boolean converses(String model) {
        return CONVERSATION.contains(model);
    }

    static boolean translates(String model) {
        return model.equals("gpt-realtime-translate");
    }

    static boolean transcribes(String model) {
        return BY_TOKENS.contains(Flavor.model(model)) || BY_SECONDS.contains(Flavor.model(model));
    }

    /** Whether a transcription's usage is in seconds; tokens otherwise. */
    static boolean isBilledBySeconds(String transcriptionModel) {
        return BY_SECONDS.contains(Flavor.model(transcriptionModel));
    }

    static int contextTokens(String model) {
        return SessionState.reasons(model) ? CONTEXT_LARGE : CONTEXT_SMALL;
    }

    static Set<String> all() {
        return CONVERSATION;
    }
}
