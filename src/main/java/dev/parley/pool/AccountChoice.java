package dev.parley.pool;

import dev.parley.config.PoolConfig;
import dev.parley.domain.Refusal;
import dev.parley.upstream.Account;
import dev.parley.upstream.Accounts;
import dev.parley.upstream.Breaker;
import dev.parley.upstream.Dialer.Failure;
import dev.parley.upstream.Fault;
import dev.parley.upstream.Unavailable;
import dev.parley.upstream.UpstreamConnector.Outcome;
import dev.parley.upstream.UpstreamConnector.Target;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which account the next connection of one model goes to, and what is to be said when there is none. Remembers for a while
 * which accounts do not have the model. Used on one event loop.
 */
final class AccountChoice {
    /** How long an account that does not have the model is not asked for it again. */
    private static final Duration REFUSED_FOR = Duration.ofSeconds(15);

    private final Accounts accounts;
    private final Target target;
    private final PoolConfig config;
    private final Map<Account, Refused> refused = new HashMap<>();
    private @Nullable Failure last;
    private @Nullable Account full;
    private boolean busy;

    private record Refused(Refusal refusal, long until) {}

    AccountChoice(Accounts accounts, Target target, PoolConfig config) {
        this.accounts = accounts;
        this.target = target;
        this.config = config;
    }

    /**
     * Takes a place, a connection and the breaker's leave for one more upstream session; null if no account has them, see
     * {@link #full} and {@link #isBusy}.
     *
     * @param reserve whether the account's last places may be taken too
     */
    @Nullable
    Account claim(boolean reserve, long now) {
        full = null;
        busy = false;
        List<Account> left = candidates(now);
        while (!left.isEmpty()) {
            Account best = Accounts.leastLoaded(left, now);
            if (best.breaker().mayPassBefore(now + 1) && claimed(best, reserve, now)) {
                return best;
            }
            left.remove(best);
        }
        return null;
    }

    /** An account that would have done, but has no place left, at the last claim. */
    @Nullable
    Account full() {
        return full;
    }

    /** Whether an account would have done but for too many connections being opened, at the last claim. */
    boolean isBusy() {
        return busy;
    }

    void failed(Account account, Failure failure, long now) {
        last = failure;
        if (failure.fault() == Fault.REQUEST) {
            refused.put(account, new Refused(failure.refusal(), now + REFUSED_FOR.toNanos()));
        }
    }

    void succeeded(Account account) {
        last = null;
        refused.remove(account);
    }

    /** Whether any account might still do before {@code deadline}. */
    boolean isHopeful(long deadline, long now) {
        for (Account account : candidates(now)) {
            if (account.breaker().mayPassBefore(deadline)) {
                return true;
            }
        }
        return false;
    }

    /** Why no account will do. */
    Outcome.Unavailable hopeless(long now) {
        List<Account> serving = accounts.serving(target);
        if (serving.isEmpty()) {
            return new Outcome.Unavailable(
                    Unavailable.refusal("No upstream serves '" + target.label() + "' now."), "no_account");
        }
        Failure failure = last;
        if (candidates(now).isEmpty()) {
            Refused why = refused.get(serving.getFirst());
            Refusal told = why == null ? Unavailable.refusal("The upstream is unavailable.") : why.refusal();
            return new Outcome.Unavailable(told, told.code());
        }
        Refusal told = failure == null ? Unavailable.refusal("The upstream is unavailable.") : failure.refusal();
        return new Outcome.Unavailable(told.retryAfter(earliest(serving, now)), code(serving));
    }

    /** Why none was had in time. */
    Outcome.Unavailable late(boolean tenantIsFull) {
        Failure failure = last;
        if (tenantIsFull) {
            return PoolRefusals.tenantFull(config);
        }
        return full != null
                ? PoolRefusals.accountsFull()
                : PoolRefusals.late(config, failure == null ? "acquire_timeout" : failure.code());
    }

    private boolean claimed(Account account, boolean reserve, long now) {
        if (!account.tryTake(reserve ? 0 : config.reservePercent())) {
            full = account;
            return false;
        }
        if (!account.tryConnect(config.connectsMax())) {
            account.giveBack();
            busy = true;
            return false;
        }
        if (!account.breaker().pass(now)) {
            account.connectEnded();
            account.giveBack();
            return false;
        }
        return true;
    }

    private List<Account> candidates(long now) {
        refused.values().removeIf(old -> now - old.until() >= 0);
        List<Account> serving = accounts.serving(target);
        serving.removeIf(refused::containsKey);
        return serving;
    }

    private static Duration earliest(List<Account> serving, long now) {
        long nanos = Long.MAX_VALUE;
        for (Account account : serving) {
            Breaker.Status status = account.breaker().status();
            if (status.state() == Breaker.State.OPEN) {
                nanos = Math.min(nanos, Math.max(0, status.until() - now));
            }
        }
        Duration wait = nanos == Long.MAX_VALUE ? Duration.ofMinutes(1) : Duration.ofNanos(nanos);
        return wait.compareTo(Duration.ofSeconds(1)) < 0 ? Duration.ofSeconds(1) : wait;
    }

    private String code(List<Account> serving) {
        String cause = serving.getFirst().breaker().status().cause();
        Failure failure = last;
        return failure != null ? failure.code() : cause == null ? "unavailable" : cause;
    }
}
