package dev.parley.quota;

import dev.parley.domain.Charge;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.Refusal;
import dev.parley.quota.Budgets.Attempt;
import dev.parley.quota.SessionPermit.WorstCase;
import io.vertx.core.Context;
import io.vertx.core.Future;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** What one piece of work has set aside in the grants of this node. On the session's event loop, but for {@link #held}. */
final class GrantReservation implements Reservation {
    private final Budgets budgets;
    private final GrantedAdmission.Permit permit;
    private volatile List<Hold> holds;
    private Need need;
    private Instant reservedAt;
    private boolean ended;

    GrantReservation(Budgets budgets, GrantedAdmission.Permit permit, Attempt.Held held) {
        this.budgets = budgets;
        this.permit = permit;
        this.holds = held.holds();
        this.need = held.need();
        this.reservedAt = budgets.node().databaseNow();
        permit.holds(need.money());
    }

    @Override
    public NanoUsd amount() {
        return new NanoUsd(ended ? 0 : need.money());
    }

    @Override
    public int period() {
        return LedgerPeriod.of(reservedAt);
    }

    @Override
    public Instant reservedAt() {
        return reservedAt;
    }

    @Override
    public Future<Optional<Refusal>> extend(NanoUsd more, long moreTokens) {
        if (ended) {
            return Future.succeededFuture(Optional.of(QuotaRefusals.sessionEnded()));
        }
        Need added = new Need(more.value(), moreTokens, 0, 0, 0);
        return budgets.holdMore(permit.tenant(), holds, added, budgets.nanos()).compose(refusal -> {
            if (refusal.isEmpty()) {
                return Future.succeededFuture(grown(added));
            }
            return isStale()
                    ? renew().compose(late -> late.isEmpty() ? extend(more, moreTokens) : Future.succeededFuture(late))
                    : Future.succeededFuture(refusal);
        });
    }

    private Optional<Refusal> grown(Need added) {
        if (ended) { // while it waited
            holds.forEach(hold -> hold.grant().settle(added.of(hold.grant().unit()), 0, budgets.nanos()));
            return Optional.of(QuotaRefusals.sessionEnded());
        }
        holds = holds.stream()
                .map(hold -> new Hold(
                        hold.account(),
                        hold.grant(),
                        hold.amount() + added.of(hold.grant().unit())))
                .toList();
        need = need.plus(added);
        permit.holds(added.money());
        return Optional.empty();
    }

    @Override
    public Future<Optional<Refusal>> renew() {
        long now = budgets.nanos();
        List<GrantAccount> accounts = permit.accounts();
        List<Hold> stale = holds.stream()
                .filter(hold -> hold.isStale(now) || !accounts.contains(hold.account()))
                .toList();
        Set<GrantAccount> kept = holds.stream()
                .filter(hold -> !stale.contains(hold))
                .map(Hold::account)
                .collect(Collectors.toSet());
        List<GrantAccount> lacking = accounts.stream()
                .filter(account -> !kept.contains(account) && Budgets.concerns(account, need))
                .toList();
        if (ended || (stale.isEmpty() && lacking.isEmpty())) {
            return Future.succeededFuture(Optional.empty());
        }
        WorstCase work = new WorstCase(
                new NanoUsd(need.money()),
                NanoUsd.ZERO,
                0,
                0,
                need.tokens(),
                Math.toIntExact(need.responses()),
                need.audioMillis());
        return budgets.hold(permit.tenant(), lacking, work).map(attempt -> switch (attempt) {
            case Attempt.Refused(Refusal refusal) -> Optional.of(refusal);
            case Attempt.Held held -> {
                moved(stale, held.holds());
                yield Optional.empty();
            }
        });
    }

    private boolean isStale() {
        long now = budgets.nanos();
        return holds.stream().anyMatch(hold -> hold.isStale(now));
    }

    private void moved(List<Hold> stale, List<Hold> fresh) {
        long now = budgets.nanos();
        if (ended || !holds.containsAll(stale)) { // while it waited
            fresh.forEach(hold -> hold.undo(now));
            return;
        }
        List<Hold> all = new ArrayList<>(holds);
        all.removeAll(stale);
        all.addAll(fresh);
        holds = List.copyOf(all);
        stale.forEach(hold -> hold.undo(now));
        reservedAt = budgets.node().databaseNow();
    }

    @Override
    public void idle(Runnable yield) {
        Context context = budgets.vertx().getOrCreateContext();
        for (Hold hold : holds) {
            hold.account()
                    .idle(
                            this,
                            budgets.nanos(),
                            () -> context.runOnContext(_ -> {
                                if (!ended) {
                                    yield.run();
                                }
                            }));
        }
    }

    @Override
    public void busy() {
        holds.forEach(hold -> hold.account().busy(this));
    }

    @Override
    public Settled settle(NanoUsd cost, long tokens) {
        if (ended) {
            return new Done(List.of());
        }
        end();
        Need used = Need.used(cost, tokens, need);
        List<Hold> settled = holds;
        long now = budgets.nanos();
        settled.forEach(
                hold -> hold.grant().settle(hold.amount(), used.of(hold.grant().unit()), now));
        return new Done(settled.stream()
                .map(hold -> new Hold(
                        hold.account(), hold.grant(), used.of(hold.grant().unit())))
                .filter(hold -> hold.grant().unit().ledgered() && hold.amount() > 0)
                .toList());
    }

    @Override
    public void release() {
        if (!ended) {
            end();
            holds.forEach(hold -> hold.undo(budgets.nanos()));
        }
    }

    private void end() {
        busy();
        ended = true;
        permit.holds(-need.money());
    }

    /** What it holds of one account; from any thread. */
    long held(GrantAccount account) {
        long sum = 0;
        for (Hold hold : holds) {
            if (hold.account() == account) {
                sum += hold.amount();
            }
        }
        return sum;
    }

    /** @param used what was spent of each grant */
    private record Done(List<Hold> used) implements Settled {
        @Override
        public List<Charge> charges() {
            return used.stream()
                    .map(hold -> new Charge(hold.grant().balance(), hold.grant().id(), hold.amount()))
                    .toList();
        }

        @Override
        public void recorded() {
            used.forEach(hold -> hold.grant().recorded(hold.amount()));
        }
    }
}
