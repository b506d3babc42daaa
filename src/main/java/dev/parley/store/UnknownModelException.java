package dev.parley.store;

import java.util.Set;

/** An allow-list names models that are not in the catalogue. */
public final class UnknownModelException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnknownModelException(Set<String> models) {
        super("not in the catalogue of models: " + String.join(", ", models));
    }
}
