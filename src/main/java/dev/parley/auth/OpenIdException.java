package dev.parley.auth;

import org.jspecify.annotations.Nullable;

/** A sign-in at the OpenID provider that came to nothing. The message is for operators and holds no token, code or claim. */
public final class OpenIdException extends Exception {
    private static final long serialVersionUID = 1L;

    OpenIdException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    OpenIdException(String message) {
        this(message, null);
    }
}
