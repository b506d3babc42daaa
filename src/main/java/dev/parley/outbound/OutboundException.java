package dev.parley.outbound;

import org.jspecify.annotations.Nullable;

/** A request was not made, or not answered. The message is for operators and holds nothing of the URL. */
public final class OutboundException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    OutboundException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
