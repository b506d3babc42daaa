package dev.parley.quota;

/** An amount set aside in one grant. */
record Hold(GrantAccount account, HeldGrant grant, long amount) {
    /** Whether its window is over, or the grant was lost. */
    boolean isStale(long now) {
        return account.current() != grant || grant.windowOver(now);
    }

    void undo(long now) {
        grant.settle(amount, 0, now);
    }
}
