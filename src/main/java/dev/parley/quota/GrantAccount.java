package dev.parley.quota;

import dev.parley.domain.TenantId;
import dev.parley.quota.GrantStore.Answer;
import dev.parley.quota.GrantStore.Ask;
import dev.parley.quota.GrantStore.Outcome;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * What this node holds of one limit: the grant of the window of now, those of former windows that still have work in them,
 * and who waits for more. Thread-safe; {@link #turns} and what it returns are the keeper's thread's.
 */
final class GrantAccount {
    /** How many seconds of the running rate a grant should last. */
    private static final long AHEAD_SECONDS = 5;

    /** Far above any budget, and far from the end of 64 bits. */
    private static final double AMOUNT_MAX = 1e18;

    private final TenantId tenant;
    private final Queue<Want> wants = new ConcurrentLinkedQueue<>();
    private final ConcurrentMap<GrantReservation, Idle> idle = new ConcurrentHashMap<>();
    private volatile Limit limit;
    private volatile @Nullable HeldGrant current;
    private volatile Standing standing = new Standing(0, 0, false, false, false, null, 0);

    /** Guarded by the keeper's map of accounts. */
    int users;

    /** Changed by the keeper only. */
    private final List<HeldGrant> former = new CopyOnWriteArrayList<>();

    private double rate;

    GrantAccount(TenantId tenant, Limit limit) {
        this.tenant = tenant;
        this.limit = limit;
    }

    /**
     * Somebody who waits for a round; told once, whether it brought something or not.
     *
     * @param useful with less than this the work cannot start even if it is lowered
     */
    private record Want(long amount, long useful, Runnable told) {}

    private record Idle(long sinceNanos, Runnable yield) {}

    /**
     * What the last round told of the window.
     *
     * @param spent on all nodes
     * @param spentHere on this node, of the grant that it holds
     * @param exhausted whether less was to be had than was needed
     * @param reclaimable whether others may give something back
     * @param away whether the round failed
     */
    record Standing(
            long spent,
            long spentHere,
            boolean exhausted,
            boolean reclaimable,
            boolean away,
            @Nullable Instant renews,
            long atNanos) {}

    Limit limit() {
        return limit;
    }

    void hear(Limit now) {
        limit = now;
    }

    @Nullable
    HeldGrant current() {
        return current;
    }

    Standing standing() {
        return standing;
    }

    /** Asks for a part in the next round; less than {@code useful} is of no use. */
    void want(long amount, long useful, Runnable told) {
        wants.add(new Want(amount, Math.min(amount, useful), told));
    }

    void idle(GrantReservation reservation, long now, Runnable yield) {
        idle.put(reservation, new Idle(now, yield));
    }

    void busy(GrantReservation reservation) {
        idle.remove(reservation);
    }

    /** What running work has set aside. */
    long reserved() {
        HeldGrant held = current;
        long sum = held == null ? 0 : held.amounts().reserved();
        for (HeldGrant grant : former) {
            sum += grant.amounts().reserved();
        }
        return sum;
    }

    /** What is left of the limit, as of the last round and what this node has used since. */
    long remaining() {
        HeldGrant held = current;
        Standing known = standing;
        long here = held == null
                ? 0
                : held.amounts().spent() - known.spentHere() + held.amounts().reserved();
        return Math.max(0, limit.amount() - known.spent() - here);
    }

    boolean empty() {
        return current == null && former.isEmpty() && wants.isEmpty();
    }

    /** What this account has to say in a round. */
    List<Turn> turns(long now, long epoch, boolean last) {
        List<Turn> turns = new ArrayList<>();
        HeldGrant held = current;
        if (held != null && (held.epoch() != epoch || held.windowOver(now))) {
            retire(held);
            held = null;
        }
        former.removeIf(grant -> grant.epoch() != epoch && grant.close()); // the others have orphaned it
        List<Want> waiting = new ArrayList<>();
        for (Want want = wants.poll(); want != null; want = wants.poll()) {
            waiting.add(want);
        }
        List<Want> again = List.of();
        if (held == null && former.stream().anyMatch(grant -> grant.epoch() == epoch && !grant.windowOver(now))) {
            again = waiting; // the row that a new grant would get is being closed: who waits asks again after that
            waiting = List.of();
        }
        boolean unused = held != null && waiting.isEmpty() && (last || now - held.lastUsed() >= GrantKeeper.IDLE_NANOS);
        if (held != null && unused && held.close()) {
            retire(held);
            held = null;
        }
        for (HeldGrant grant : former) {
            if (grant.epoch() == epoch && grant.close()) {
                turns.add(new Turn(grant, ask(grant, 0, 0, 0, 0, true), again));
                again = List.of();
            }
        }
        if (!again.isEmpty()) { // it was taken from this node and still has work in it
            away(again, now);
        }
        if (held != null && (!waiting.isEmpty() || due(held, now))) {
            turns.add(renewal(held, waiting, unused, now));
        } else if (held == null && !waiting.isEmpty()) {
            long sum = sum(waiting);
            turns.add(new Turn(null, ask(null, 0, sum, useful(waiting), Math.max(2 * sum, ahead()), false), waiting));
        }
        return turns;
    }

    private void away(List<Want> waiting, long now) {
        Standing before = standing;
        standing = new Standing(before.spent(), before.spentHere(), false, false, true, before.renews(), now);
        waiting.forEach(want -> want.told().run());
    }

    private Turn renewal(HeldGrant held, List<Want> waiting, boolean unused, long now) {
        measure(held, now);
        long useful = useful(waiting);
        long give = held.seq == null ? 0 : given(held, waiting, useful, unused);
        long free = Math.max(0, held.amounts().free());
        long least = waiting.isEmpty() ? 0 : Math.max(0, sum(waiting) - free);
        long most = held.wanted || unused ? least : Math.max(2 * least, ahead() - free);
        return new Turn(held, ask(held, give, least, Math.max(0, useful - free), most, false), waiting);
    }

    /** What goes back. What others lack does if it serves nobody here: together with their rests it may serve somebody. */
    private static long given(HeldGrant held, List<Want> waiting, long useful, boolean unused) {
        boolean serves = !waiting.isEmpty() && held.amounts().free() >= useful;
        if (unused || (held.wanted && !serves)) {
            return held.takeOut(Long.MAX_VALUE);
        }
        return held.over > 0 ? held.takeOut(held.over) : 0;
    }

    private Ask ask(@Nullable HeldGrant held, long give, long least, long useful, long most, boolean close) {
        long now = held == null ? 0 : held.amounts().reserved();
        long used = held == null || held.unit().ledgered() ? 0 : held.amounts().spent();
        return new Ask(
                tenant,
                limit,
                held == null ? null : held.id(),
                held == null ? null : held.seq,
                give,
                least,
                useful,
                most,
                now,
                idleAmount(),
                used,
                close);
    }

    private long idleAmount() {
        long sum = 0;
        for (GrantReservation reservation : idle.keySet()) {
            sum += reservation.held(this);
        }
        return sum;
    }

    private static boolean due(HeldGrant held, long now) {
        return held.over > 0 || held.wanted || now - held.roundNanos >= GrantKeeper.ROUND_NANOS;
    }

    private void measure(HeldGrant held, long now) {
        double seconds = (now - held.roundNanos) / 1e9;
        if (seconds > 0.2) {
            long spent = held.amounts().spent();
            double latest = (double) Math.max(0, spent - held.spentBefore) / seconds;
            rate = latest > rate ? latest : rate + (latest - rate) * 0.3;
            held.spentBefore = spent;
            held.roundNanos = now;
        }
    }

    private long ahead() {
        return Math.round(Math.min(AMOUNT_MAX, rate * AHEAD_SECONDS));
    }

    private static long sum(List<Want> wants) {
        long sum = 0;
        for (Want want : wants) {
            sum = Math.min(Long.MAX_VALUE / 4, sum + want.amount());
        }
        return sum;
    }

    /** Of what waits, the least that would let some of it start. */
    private static long useful(List<Want> wants) {
        return wants.stream().mapToLong(Want::useful).min().orElse(0);
    }

    private void retire(HeldGrant held) {
        if (current == held) {
            current = null;
        }
        if (!former.contains(held)) {
            former.add(held);
        }
    }

    /** Asks those who hold something that they do not use for it; whether there are any. */
    private boolean recall(long now) {
        boolean any = false;
        for (Map.Entry<GrantReservation, Idle> entry : idle.entrySet()) {
            boolean ripe = now - entry.getValue().sinceNanos() >= GrantKeeper.IDLE_NANOS;
            if (ripe && idle.remove(entry.getKey(), entry.getValue())) {
                entry.getValue().yield().run();
                any = true;
            }
        }
        return any;
    }

    /** One ask of a round, and what follows from its answer. */
    final class Turn {
        private final @Nullable HeldGrant held;
        private final Ask ask;
        private final List<Want> waiting;

        private Turn(@Nullable HeldGrant held, Ask ask, List<Want> waiting) {
            this.held = held;
            this.ask = ask;
            this.waiting = waiting;
        }

        Ask ask() {
            return ask;
        }

        /** The outcome of the round is not known. */
        void failed(long now) {
            if (held != null) {
                held.seq = null;
            }
            away(waiting, now);
        }

        /** @param sent on the monotonic clock, before the round was asked for */
        void answered(Answer answer, long epoch, long sent) {
            if (answer.outcome() == Outcome.FENCED || answer.outcome() == Outcome.AWAY) {
                failed(sent);
                return;
            }
            if (answer.outcome() == Outcome.CLOSED) {
                ended();
                return;
            }
            HeldGrant grant = held;
            if (grant == null && former.stream().anyMatch(old -> old.id() == answer.grant() && old.epoch() == epoch)) {
                waiting.forEach(want -> want.told().run()); // by the database's clock the old window is not over yet
                return;
            }
            long until = sent + answer.ttlMillis() * 900_000; // nine tenths of it, in nanoseconds
            long more = answer.granted() - answer.settled();
            if (grant == null) {
                grant = new HeldGrant(limit, epoch, answer, sent, until);
                current = grant;
            } else {
                more = answer.granted() - grant.amounts().granted();
                grant.seq = answer.outcome() == Outcome.STALE && ask.seq() != null ? null : answer.seq();
                grant.grow(more);
                grant.renewed(until);
            }
            grant.over = answer.over();
            grant.wanted = answer.wanted();
            boolean exhausted = answer.outcome() == Outcome.DONE && limit.hard() && more < ask.least();
            boolean recalled = (answer.wanted() || exhausted) && recall(sent);
            Standing before = standing;
            standing = new Standing(
                    answer.spent(),
                    answer.settled(),
                    waiting.isEmpty() ? before.exhausted() : exhausted,
                    answer.reclaimable() || recalled,
                    false,
                    answer.windowEnds(),
                    waiting.isEmpty() ? before.atNanos() : sent);
            waiting.forEach(want -> want.told().run());
        }

        private void ended() {
            HeldGrant grant = held;
            if (grant != null) {
                if (ask.close() || grant.close()) {
                    former.remove(grant);
                    if (current == grant) {
                        current = null;
                    }
                } else {
                    retire(grant);
                }
            }
            waiting.forEach(want -> want.told().run());
        }
    }
}
