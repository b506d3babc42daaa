package dev.parley.quota;

import dev.parley.domain.TenantId;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where grants are kept. Blocks: only for virtual threads. Every call throws when the store cannot be asked now. */
public interface GrantStore {
    /**
     * One round of one node, all or nothing.
     *
     * @param epoch the node's; when it is ended every answer is {@link Outcome#FENCED}
     * @return an answer for each ask, in their order
     */
    List<Answer> exchange(long epoch, List<Ask> asks);

    /**
     * What a node tells and asks of one grant.
     *
     * @param grant null: the node has none yet in the window of now
     * @param seq the grant's number as last heard; null when the outcome of the round before is not known: then nothing is
     *     changed and the answer says how things stand
     * @param give how much goes back
     * @param least what waits for it now
     * @param useful less than this serves nobody who waits, and is left to others who lack something
     * @param most what would be welcome
     * @param reserved set aside now, for whoever looks for more
     * @param idle the part of it that would be yielded
     * @param used settled so far, for units that no ledger row settles
     * @param close whether the grant has served: nothing is reserved and nothing awaits its ledger row
     */
    record Ask(
            TenantId tenant,
            Limit limit,
            @Nullable Long grant,
            @Nullable Long seq,
            long give,
            long least,
            long useful,
            long most,
            long reserved,
            long idle,
            long used,
            boolean close) {}

    /** What became of an ask. */
    enum Outcome {
        DONE,
        /** The number was not the last one: nothing was changed. */
        STALE,
        /** The grant is no more. */
        CLOSED,
        FENCED,
        /** This one cannot be asked for now; the others of the round could. */
        AWAY
    }

    /**
     * How a grant stands after the round.
     *
     * @param granted in all, what has been settled of it included
     * @param settled what has been settled of it
     * @param ttlMillis how long it may be spent from, counted from before the round was asked for
     * @param windowMillis until the window ends, likewise; null if it does not
     * @param over how much of the grants is above the limit, because that was lowered
     * @param wanted whether another node lacks what this one may have free
     * @param reclaimable whether other nodes may have something free
     * @param spent what the window has cost so far, on all nodes
     * @param windowEnds when the limit renews; null: never
     */
    record Answer(
            Outcome outcome,
            long balance,
            long grant,
            long seq,
            long granted,
            long settled,
            long ttlMillis,
            @Nullable Long windowMillis,
            long over,
            boolean wanted,
            boolean reclaimable,
            long spent,
            @Nullable Instant windowEnds) {}
}
