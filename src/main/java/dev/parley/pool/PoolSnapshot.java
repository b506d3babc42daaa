package dev.parley.pool;

import dev.parley.upstream.Breaker;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A pool at one moment, in PgBouncer's words: {@code cl_} are the sessions that hold or want an upstream session, {@code sv_}
 * the upstream sessions. At most a second old.
 *
 * @param models of all event loops together
 */
public record PoolSnapshot(List<ModelRow> models, List<AccountRow> accounts) {
    /**
     * One model, or transcription.
     *
     * @param clActive sessions that hold an upstream session
     * @param clWaiting sessions that wait for one
     * @param svActive upstream sessions in use
     * @param svIdle warm ones
     * @param svTested warm ones being asked for a sign of life
     * @param svLogin being connected
     * @param svClosing ending
     * @param svWarmTarget how many are to be warm
     * @param maxWait how long the first of those who wait has been waiting
     * @param svByAccount open or being opened, by account
     */
    public record ModelRow(
            String model,
            int clActive,
            int clWaiting,
            int svActive,
            int svIdle,
            int svTested,
            int svLogin,
            int svClosing,
            int svWarmTarget,
            Duration maxWait,
            Map<String, Integer> svByAccount) {

        static ModelRow of(
                String model,
                FairQueue<Waiter> waiting,
                Collection<PooledSession> warm,
                Collection<PooledSession> underWay,
                Collection<PooledSession> out,
                int warmTarget,
                long now) {
            int active = count(out, PooledSession.State.LEASED);
            int tested = count(underWay, PooledSession.State.CHECKING);
            long longest = 0;
            for (Waiter head : waiting.heads()) {
                longest = Math.max(longest, now - head.since());
            }
            Map<String, Integer> byAccount = new TreeMap<>();
            for (Collection<PooledSession> sessions : List.of(warm, underWay, out)) {
                sessions.forEach(session -> byAccount.merge(session.account().name(), 1, Integer::sum));
            }
            return new ModelRow(
                    model,
                    active,
                    waiting.size(),
                    active,
                    warm.size(),
                    tested,
                    underWay.size() - tested,
                    out.size() - active,
                    warmTarget,
                    Duration.ofNanos(longest),
                    byAccount);
        }

        /** Both together: one model on two event loops. */
        ModelRow plus(ModelRow other) {
            Map<String, Integer> byAccount = new TreeMap<>(svByAccount);
            other.svByAccount.forEach((account, number) -> byAccount.merge(account, number, Integer::sum));
            return new ModelRow(
                    model,
                    clActive + other.clActive,
                    clWaiting + other.clWaiting,
                    svActive + other.svActive,
                    svIdle + other.svIdle,
                    svTested + other.svTested,
                    svLogin + other.svLogin,
                    svClosing + other.svClosing,
                    svWarmTarget + other.svWarmTarget,
                    maxWait.compareTo(other.maxWait) > 0 ? maxWait : other.maxWait,
                    byAccount);
        }

        private static int count(Collection<PooledSession> sessions, PooledSession.State state) {
            int number = 0;
            for (PooledSession session : sessions) {
                number += session.state() == state ? 1 : 0;
            }
            return number;
        }
    }

    /**
     * One account, over all models.
     *
     * @param open upstream sessions open or being opened on this node
     * @param reopensIn until one may try again; null unless the breaker is open
     * @param cause the code of the last fault, if there was one
     */
    public record AccountRow(
            String name,
            String profile,
            int open,
            int sessionsMax,
            int weight,
            Breaker.State breaker,
            @Nullable Duration reopensIn,
            @Nullable String cause) {}

    /** How long the first of all who wait has been waiting. */
    public Duration maxWait() {
        return models.stream().map(ModelRow::maxWait).max(Duration::compareTo).orElse(Duration.ZERO);
    }

    /** Accounts that nobody may try now. */
    public int accountsOut() {
        return (int) accounts.stream()
                .filter(account -> account.breaker() != Breaker.State.CLOSED)
                .count();
    }

    /** One figure, summed over the models. */
    public int sum(ToIntFunction<ModelRow> figure) {
        return models.stream().mapToInt(figure).sum();
    }
}
