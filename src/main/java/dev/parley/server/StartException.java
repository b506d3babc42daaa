package dev.parley.server;

import org.jspecify.annotations.Nullable;

/** A broker could not start. Its message is one line for the operator: what is wrong and what to do. */
public final class StartException extends Exception {
    private static final long serialVersionUID = 1L;

    StartException(@Nullable String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
