package dev.parley.quota;

/** An amount set aside in one grant. */
record Hold(GrantAccount account, HeldGrant grant, long amount) {
    void undo(long now) {
        grant.settle(amount, 0, now);
    }
}
