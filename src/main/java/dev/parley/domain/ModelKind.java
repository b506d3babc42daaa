package dev.parley.domain;

import java.util.Locale;

/** What a model is for. */
public enum ModelKind {
    /** {@code /v1/realtime?model=…}: a conversation. */
    CONVERSATION,
    /** {@code audio.input.transcription.model}, and files. */
    TRANSCRIPTION,
    /** {@code /v1/realtime/translations?model=…}: speech into speech of another language. */
    TRANSLATION;

    /** As people, the API and the database write it. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** @throws IllegalArgumentException if no kind is written so */
    public static ModelKind of(String label) {
        for (ModelKind kind : values()) {
            if (kind.label().equals(label)) {
                return kind;
            }
        }
        throw new IllegalArgumentException("is conversation, transcription or translation");
    }
}
