package dev.parley.quota;

import dev.parley.concurrent.Blocking;
import dev.parley.concurrent.Ticker;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.TenantId;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Opens the account of a tenant's running window, from what the ledger says, once for each window: at first use, when
 * the window rolls over, and when the tenant's period is changed. Thread-safe.
 *
 * <p>Roll-over: a reservation stays in the account that it was made in, and may be extended there; the new account starts
 * with the ledger's sum. Change of period: the old account is closed, and what was spent in it while the ledger was being read, and what is still
 * reserved in it, is carried over; a reservation of it can no longer be extended. That can count an entry twice, so for one window less may be spendable than is left;
 * never more.
 */
final class BudgetAccounts {
    static final Duration DEADLINE = Duration.ofSeconds(3);
    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final Vertx vertx;
    private final Blocking blocking;
    private final SpendingStore store;
    private final Ticker ticker;

    BudgetAccounts(Vertx vertx, Blocking blocking, SpendingStore store, Ticker ticker) {
        this.vertx = vertx;
        this.blocking = blocking;
        this.store = store;
        this.ticker = ticker;
    }

    /** The account of now: most often already there. Fails when the ledger cannot be asked within the deadline. */
    Future<BudgetAccount> current(TenantQuota quota) {
        BudgetWindow wanted = BudgetWindow.of(quota.tenant().budgetPeriod(), ticker.now());
        BudgetAccount account = quota.account.get();
        if (account != null && serves(account.window(), wanted)) {
            return Future.succeededFuture(account);
        }
        return onCallersContext(open(quota, wanted));
    }

    /** A clock that steps back does not bring an old window back. */
    private static boolean serves(BudgetWindow have, BudgetWindow wanted) {
        return have.period() == wanted.period() && !have.start().isBefore(wanted.start());
    }

    private Future<BudgetAccount> open(TenantQuota quota, BudgetWindow wanted) {
        BudgetOpening mine = new BudgetOpening(wanted, Promise.promise());
        BudgetOpening running = quota.opening.compareAndExchange(null, mine);
        if (running != null) {
            return running.window().equals(wanted)
                    ? running.promise().future()
                    : running.promise().future().compose(_ -> current(quota));
        }
        BudgetAccount old = quota.account.get();
        if (old != null && serves(old.window(), wanted)) { // opened between the caller's look and ours
            quota.opening.set(null);
            mine.promise().complete(old);
            return mine.promise().future();
        }
        long spentBefore = old == null ? 0 : old.balance().spent();
        TenantId tenant = quota.tenant().id();
        blocking.call(() -> read(tenant, wanted)).onComplete(result -> {
            if (result.succeeded()) {
                quota.account.set(successor(old, spentBefore, wanted, result.result()));
            }
            quota.opening.set(null);
            mine.promise().handle(result.map(_ -> quota.account.get()));
        });
        return mine.promise().future();
    }

    private static BudgetAccount successor(
            @Nullable BudgetAccount old, long spentBefore, BudgetWindow window, NanoUsd ledger) {
        long spent = ledger.value();
        if (old != null && old.window().period() != window.period()) {
            BudgetAccount.Balance last = old.close();
            spent = Math.addExact(spent, Math.addExact(last.spent() - spentBefore, last.reserved()));
        }
        return new BudgetAccount(window, spent);
    }

    private NanoUsd read(TenantId tenant, BudgetWindow window) {
        long end = System.nanoTime() + DEADLINE.toNanos();
        while (true) {
            try {
                return store.spent(tenant, window);
            } catch (RuntimeException e) {
                if (System.nanoTime() - end > 0 || Thread.currentThread().isInterrupted()) {
                    throw e;
                }
                LockSupport.parkNanos(RETRY_NANOS);
            }
        }
    }

    private <T> Future<T> onCallersContext(Future<T> future) {
        if (future.isComplete()) {
            return future;
        }
        Context context = vertx.getOrCreateContext();
        Promise<T> promise = Promise.promise();
        future.onComplete(result -> context.runOnContext(_ -> promise.handle(result)));
        return promise.future();
    }
}
