package dev.parley.quota;

import dev.parley.domain.NanoUsd;

/** Money set aside. Ends exactly once, by settling or by releasing; a second end does nothing. */
public interface Reservation {
    NanoUsd amount();

    /** The period that was fixed when the money was set aside, such as 202611; it travels with the usage entry. */
    int period();

    /** Sets more aside for the same work; false, and unchanged, if there is not enough. */
    boolean extend(NanoUsd more);

    /** The work cost this much, which may exceed the amount; the rest goes back. */
    void settle(NanoUsd cost);

    /** The work did not happen; all goes back. */
    void release();
}
