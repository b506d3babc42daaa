package dev.parley.cli;

/** A command cannot do what was asked; the message is one line for people. */
final class CommandFailure extends Exception {
    private static final long serialVersionUID = 1L;

    CommandFailure(String message) {
        super(message);
    }
}
