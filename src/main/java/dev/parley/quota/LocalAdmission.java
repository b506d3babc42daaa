package dev.parley.quota;

import dev.parley.concurrent.Blocking;
import dev.parley.concurrent.Ticker;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.Refusal;
import dev.parley.domain.TenantId;
import dev.parley.tenancy.Tenant;
import dev.parley.tenancy.TenantDirectory;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;

/**
 * Admission for one process on one Postgres. Sessions at once are exact for each tenant; of each hard budget
 * {@code spent + reserved <= limit} holds at every reservation, whichever event loops make them. The database is asked
 * once for each tenant and window ({@link BudgetAccounts}), never for a response. A tenant's changed limits act on its live
 * sessions as soon as the directory knows them. Thread-safe, lock-free.
 */
public final class LocalAdmission implements Admission {
    private final TenantDirectory directory;
    private final BudgetAccounts accounts;
    private final BooleanSupplier ledgerHealthy;
    private final Ticker ticker;
    private final ConcurrentMap<TenantId, TenantQuota> quotas = new ConcurrentHashMap<>();

    /** @param ledgerHealthy whether usage can be written now; while it cannot, no session starts */
    public LocalAdmission(
            Vertx vertx,
            Blocking blocking,
            TenantDirectory directory,
            SpendingStore spending,
            BooleanSupplier ledgerHealthy,
            Ticker ticker) {
        this.directory = directory;
        this.accounts = new BudgetAccounts(vertx, blocking, spending, ticker);
        this.ledgerHealthy = ledgerHealthy;
        this.ticker = ticker;
    }

    @Override
    public Future<SessionDecision> openSession(SessionRequest request) {
        Tenant tenant = request.tenant();
        if (!ledgerHealthy.getAsBoolean()) {
            return refused(QuotaRefusals.ledgerAway());
        }
        TenantQuota quota = quotas.computeIfAbsent(tenant.id(), _ -> new TenantQuota(tenant));
        quota.hear(tenant);
        if (!quota.enter()) {
            return refused(QuotaRefusals.tooManySessions(tenant, quota.sessions()));
        }
        return accounts.current(quota).transform((account, failure) -> {
            if (failure != null) {
                quota.leave();
                return refused(QuotaRefusals.ledgerAway());
            }
            BudgetAccount.Balance balance = account.balance();
            if (balance.spent() >= quota.limit()) {
                quota.leave();
                return refused(QuotaRefusals.exhausted(quota.tenant(), account.window(), balance, ticker.now()));
            }
            return Future.succeededFuture(new SessionDecision.Admitted(new Permit(quota)));
        });
    }

    /** What this process knows of a tenant's use; empty if it had no session here yet. */
    public Optional<Usage> usage(TenantId tenant) {
        return Optional.ofNullable(quotas.get(tenant)).map(quota -> {
            BudgetAccount account = quota.account.get();
            BudgetAccount.Balance balance =
                    account == null ? new BudgetAccount.Balance(0, 0, false) : account.balance();
            return new Usage(quota.sessions(), new NanoUsd(balance.spent()), new NanoUsd(balance.reserved()));
        });
    }

    /**
     * A tenant's use as this process sees it.
     *
     * @param sessions open now
     * @param spent in the running window
     * @param reserved set aside now in the running window
     */
    public record Usage(int sessions, NanoUsd spent, NanoUsd reserved) {}

    private static Future<SessionDecision> refused(Refusal refusal) {
        return Future.succeededFuture(new SessionDecision.Refused(refusal));
    }

    /** One session's permit. */
    private final class Permit implements SessionPermit {
        private final TenantQuota quota;
        private final AtomicBoolean released = new AtomicBoolean();

        Permit(TenantQuota quota) {
            this.quota = quota;
        }

        @Override
        public Future<ReserveDecision> reserve(WorstCase worstCase) {
            return directory
                    .find(quota.tenant().id())
                    .otherwise(_ -> Optional.empty()) // the last known limits stand
                    .compose(current -> {
                        current.ifPresent(quota::hear);
                        return reserveNow(worstCase);
                    });
        }

        @Override
        public void release() {
            if (released.compareAndSet(false, true)) {
                quota.leave();
            }
        }

        private Future<ReserveDecision> reserveNow(WorstCase worstCase) {
            return accounts.current(quota).transform((account, failure) -> {
                if (failure != null) {
                    return Future.succeededFuture(new ReserveDecision.Refused(QuotaRefusals.ledgerAway()));
                }
                Optional<ReserveDecision> decision = decide(account, worstCase);
                return decision.isPresent() ? Future.succeededFuture(decision.get()) : reserveNow(worstCase);
            });
        }

        /** Empty when the account was closed meanwhile and the next one has to decide. */
        private Optional<ReserveDecision> decide(BudgetAccount account, WorstCase worstCase) {
            while (true) {
                BudgetAccount.Balance balance = account.balance();
                if (balance.closed()) {
                    return Optional.empty();
                }
                long limit = quota.limit();
                Affordable affordable = Affordable.of(worstCase, balance.free(limit));
                if (affordable == null) {
                    return Optional.of(new ReserveDecision.Refused(
                            QuotaRefusals.exhausted(quota.tenant(), account.window(), balance, ticker.now())));
                }
                if (account.reserve(affordable.amount(), limit)) {
                    Reservation reservation = new BudgetReservation(
                            account, quota::limit, BudgetWindow.ledgerPeriod(ticker.now()), affordable.amount());
                    return Optional.of(new ReserveDecision.Reserved(reservation, affordable.outputTokens()));
                }
            }
        }
    }
}
