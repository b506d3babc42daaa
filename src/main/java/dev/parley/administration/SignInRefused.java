package dev.parley.administration;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Somebody may not sign in now. The message is for them, and says no more than they may know. */
public final class SignInRefused extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient @Nullable Duration retryAfter;

    /** @param retryAfter null when waiting does not help */
    SignInRefused(String message, @Nullable Duration retryAfter) {
        super(message, null, false, false);
        this.retryAfter = retryAfter;
    }

    public @Nullable Duration retryAfter() {
        return retryAfter;
    }
}
