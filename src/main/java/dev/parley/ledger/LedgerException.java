package dev.parley.ledger;

/** A usage entry was not written and never will be by this node. */
public final class LedgerException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    LedgerException(String message) {
        super(message, null, false, false);
    }
}
