package dev.parley.clients;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** What a client is put through: a column of the {@link ClientTable}. */
enum Scenario {
    TEXT("text"),
    AUDIO("audio, VAD"),
    FUNCTION("function call"),
    INTERRUPTION("interruption"),
    TRANSCRIPTION("transcription"),
    SECRETS("secrets"),
    RESUME("resume");

    private final String title;

    Scenario(String title) {
        this.title = title;
    }

    String title() {
        return title;
    }

    /** The test whose outcome is a cell of the table. */
    @Target(ElementType.METHOD)
    @Retention(RetentionPolicy.RUNTIME)
    @interface Cell {
        Scenario value();
    }
}
