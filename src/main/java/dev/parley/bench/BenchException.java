package dev.parley.bench;

/** A benchmark that cannot go on, with one line that says why. */
public final class BenchException extends Exception {
    private static final long serialVersionUID = 1L;

    BenchException(String message) {
        super(message);
    }
}
