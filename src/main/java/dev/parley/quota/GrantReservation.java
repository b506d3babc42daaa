package dev.parley.quota;

import dev.parley.domain.Charge;
import dev.parley.domain.NanoUsd;
import dev.parley.quota.Budgets.Attempt;
import dev.parley.quota.SessionPermit.WorstCase;
import io.vertx.core.Context;
import io.vertx.core.Future;
import java.time.Instant;
import java.util.List;

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
    public Future<Boolean> extend(NanoUsd more, long moreTokens) {
        if (ended) {
            return Future.succeededFuture(false);
        }
        Need added = new Need(more.value(), moreTokens, 0, 0, 0);
        return budgets.holdMore(holds, added, budgets.nanos())
                .compose(held -> held ? grown(added) : moved(need.plus(added)));
    }

    private Future<Boolean> grown(Need added) {
        if (ended) { // while it waited
            List<Hold> late = holds;
            late.forEach(hold -> hold.grant().settle(added.of(hold.grant().unit()), 0, budgets.nanos()));
            return Future.succeededFuture(false);
        }
        holds = holds.stream()
                .map(hold -> new Hold(
                        hold.account(),
                        hold.grant(),
                        hold.amount() + added.of(hold.grant().unit())))
                .toList();
        need = need.plus(added);
        return Future.succeededFuture(true);
    }

    /** Into the window of now, if that is another one than it was made in. */
    private Future<Boolean> moved(Need whole) {
        boolean sameWindows = holds.stream().allMatch(hold -> hold.account().current() == hold.grant());
        if (sameWindows || ended) {
            return Future.succeededFuture(false);
        }
        WorstCase work = WorstCase.ofFixed(new NanoUsd(whole.money()), whole.tokens());
        return permit.hold(work).map(attempt -> {
            if (!(attempt instanceof Attempt.Held held)) {
                return false;
            }
            if (ended) {
                held.holds().forEach(hold -> hold.undo(budgets.nanos()));
                return false;
            }
            holds.forEach(hold -> hold.undo(budgets.nanos()));
            holds = held.holds();
            need = held.need();
            reservedAt = budgets.node().databaseNow();
            return true;
        });
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
        busy();
        ended = true;
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
            busy();
            ended = true;
            holds.forEach(hold -> hold.undo(budgets.nanos()));
        }
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
