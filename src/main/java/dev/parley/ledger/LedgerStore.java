package dev.parley.ledger;

import java.util.List;

/** Where entries are kept. Blocks: only for the writer's virtual thread. */
public interface LedgerStore {
    /** Writes all of them in one transaction, or none. An entry that is there already is left as it is and counts as written. */
    Outcome insert(List<UsageEntry> entries);

    /** Whether the store answers now. */
    boolean reachable();

    /** What became of a group. */
    sealed interface Outcome {
        /** All are durably there. */
        record Committed() implements Outcome {}

        /** They may be there or not; the same again is right. */
        record Unknown(String why) implements Outcome {}

        /** At least one of them can never be written; none is. */
        record Rejected(String why) implements Outcome {}
    }
}
