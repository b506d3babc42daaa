package dev.parley.concurrent;

import org.slf4j.Logger;

/**
 * The trouble of work that is tried again and again: the log hears of it once, and not again before the work has succeeded.
 * Of one thread at a time.
 */
public final class RepeatedFailure {
    private final Logger logger;
    private final String message;
    private boolean told;

    /** @param message what does not work now; logged as a warning, with the cause's message as {@code cause} */
    public RepeatedFailure(Logger logger, String message) {
        this.logger = logger;
        this.message = message;
    }

    /** The work has failed. */
    public void met(Throwable cause) {
        if (!told) {
            told = true;
            logger.atWarn().addKeyValue("cause", cause.getMessage()).log(message);
        }
    }

    /** The work has succeeded: the next failure is news again. */
    public void over() {
        told = false;
    }
}
