package dev.parley.quota;

import dev.parley.concurrent.Ticker;
import dev.parley.domain.NodeIdentity;
import dev.parley.domain.Refusal;
import dev.parley.domain.TenantId;
import dev.parley.quota.GrantAccount.Standing;
import dev.parley.quota.SessionPermit.WorstCase;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Sets work's worst case aside in all limits that apply to it, or in none. The tightest limit decides. Thread-safe; when the
 * node holds enough, nothing waits.
 */
final class Budgets {
    /** How long a refusal by the database is taken for the answer to the next attempt too. */
    static final Duration REFUSAL_KEPT = Duration.ofMillis(500);
    /** How long work waits for what others have to give back. */
    static final Duration PATIENCE = Duration.ofMillis(2_500);

    private static final long KEPT_NANOS = REFUSAL_KEPT.toNanos();
    private static final long AGAIN_MILLIS = 100;

    private final Vertx vertx;
    private final GrantKeeper keeper;
    private final NodeIdentity node;
    private final Ticker ticker;

    Budgets(Vertx vertx, GrantKeeper keeper, NodeIdentity node, Ticker ticker) {
        this.vertx = vertx;
        this.keeper = keeper;
        this.node = node;
        this.ticker = ticker;
    }

    /** What an attempt came to. */
    sealed interface Attempt {
        record Held(List<Hold> holds, Need need, int outputTokens) implements Attempt {}

        record Refused(Refusal refusal) implements Attempt {}
    }

    long nanos() {
        return ticker.nanos();
    }

    NodeIdentity node() {
        return node;
    }

    Vertx vertx() {
        return vertx;
    }

    /** Counts the start of a session, and learns how its limits stand. */
    Future<Attempt> start(TenantId tenant, List<GrantAccount> accounts) {
        long since = ticker.nanos();
        List<GrantAccount> unknown =
                accounts.stream().filter(account -> free(account, since) < 0).toList();
        Future<Void> known =
                unknown.isEmpty() ? Future.succeededFuture() : more(unknown, Need.SESSION_START, Need.SESSION_START);
        return known.compose(_ -> start(tenant, accounts, since));
    }

    private Future<Attempt> start(TenantId tenant, List<GrantAccount> accounts, long since) {
        long now = ticker.nanos();
        List<Hold> holds = tryHold(accounts, Need.SESSION_START, now);
        if (accounts.stream().anyMatch(account -> away(account, since))) {
            if (holds != null) {
                holds.forEach(hold -> hold.undo(now));
            }
            return refused(QuotaRefusals.ledgerAway());
        }
        if (holds != null) {
            return Future.succeededFuture(new Attempt.Held(holds, Need.SESSION_START, 0));
        }
        List<GrantAccount> lacking = accounts.stream()
                .filter(account -> concerns(account, Need.SESSION_START) && free(account, now) < 1)
                .toList();
        GrantAccount tightest = tightest(lacking, now, KEPT_NANOS);
        if (tightest != null) {
            return refused(exhausted(tenant, tightest));
        }
        if (now - since > PATIENCE.toNanos()) {
            return refused(QuotaRefusals.ledgerAway());
        }
        return more(lacking, Need.SESSION_START, Need.SESSION_START).compose(_ -> start(tenant, accounts, since));
    }

    /**
     * Sets aside what the work needs; the output is lowered to what budgets have left, if it must be. What is left of a minute's
     * tokens lowers nothing, because the next minute has more; but it is never more than the whole of a minute.
     */
    Future<Attempt> hold(TenantId tenant, List<GrantAccount> accounts, WorstCase work) {
        long most = work.outputTokensMax();
        for (GrantAccount account : accounts) {
            if (countsTokensOfQuota(account)) {
                most = Math.min(
                        most, Math.max(work.outputTokensMin(), account.limit().amount() - work.inputTokens()));
            }
        }
        return hold(tenant, accounts, work.atMost((int) most), ticker.nanos());
    }

    private Future<Attempt> hold(TenantId tenant, List<GrantAccount> accounts, WorstCase work, long since) {
        Need whole = work.need(work.outputTokensMax());
        long now = ticker.nanos();
        List<Hold> holds = tryHold(accounts, whole, now);
        if (holds != null) {
            return Future.succeededFuture(new Attempt.Held(holds, whole, work.outputTokensMax()));
        }
        List<GrantAccount> lacking = accounts.stream()
                .filter(account -> concerns(account, whole) && free(account, now) < whole.of(unit(account)))
                .toList();
        boolean late = now - since > PATIENCE.toNanos();
        GrantAccount tightest = tightest(lacking, now, late ? Long.MAX_VALUE : KEPT_NANOS);
        if (tightest != null || late) {
            Attempt lowered = lowered(accounts, work, now);
            if (lowered != null) {
                return Future.succeededFuture(lowered);
            }
        }
        if (tightest != null && (late || !tightest.standing().reclaimable())) {
            return refused(exhausted(tenant, tightest));
        }
        if (late || lacking.stream().anyMatch(account -> away(account, since))) {
            return refused(QuotaRefusals.ledgerAway());
        }
        Future<Void> chance = tightest == null
                ? more(lacking, whole, work.need(Math.min(work.outputTokensMin(), work.outputTokensMax())))
                : vertx.timer(AGAIN_MILLIS).mapEmpty(); // of what work here gives back: the others were asked just now
        return chance.compose(_ -> hold(tenant, accounts, work, since));
    }

    /** Sets more aside in the very grants that hold already; why that cannot be, or empty. */
    Future<Optional<Refusal>> holdMore(TenantId tenant, List<Hold> holds, Need more, long since) {
        long now = ticker.nanos();
        List<Hold> added = new ArrayList<>();
        for (Hold hold : holds) {
            long amount = more.of(hold.grant().unit());
            if (!hold.grant().reserve(amount, now)) {
                break;
            }
            added.add(new Hold(hold.account(), hold.grant(), amount));
        }
        if (added.size() == holds.size()) {
            return Future.succeededFuture(Optional.empty());
        }
        added.forEach(hold -> hold.undo(now));
        List<GrantAccount> lacking = holds.stream()
                .filter(hold -> hold.grant().free(now) < more.of(hold.grant().unit()))
                .map(Hold::account)
                .toList();
        GrantAccount tightest = tightest(lacking, now, KEPT_NANOS);
        if (tightest != null) {
            return Future.succeededFuture(Optional.of(exhausted(tenant, tightest)));
        }
        boolean stuck = holds.stream().anyMatch(hold -> hold.isStale(now)) || now - since > PATIENCE.toNanos();
        return stuck
                ? Future.succeededFuture(Optional.of(QuotaRefusals.ledgerAway()))
                : more(lacking, more, more).compose(_ -> holdMore(tenant, holds, more, since));
    }

    /** Waits for a round that asks for what is lacking; {@code least} is of use, too, where work can be lowered. */
    private Future<Void> more(List<GrantAccount> lacking, Need need, Need least) {
        Context context = vertx.getOrCreateContext();
        if (lacking.isEmpty()) { // it has come meanwhile
            return Future.succeededFuture();
        }
        Promise<Void> told = Promise.promise();
        AtomicInteger open = new AtomicInteger(lacking.size());
        for (GrantAccount account : lacking) {
            Need useful = countsTokensOfQuota(account) ? need : least;
            account.want(need.of(unit(account)), useful.of(unit(account)), () -> {
                if (open.decrementAndGet() == 0) {
                    context.runOnContext(_ -> told.complete());
                }
            });
        }
        keeper.ring();
        return told.future();
    }

    private static @Nullable List<Hold> tryHold(List<GrantAccount> accounts, Need need, long now) {
        List<Hold> holds = new ArrayList<>(accounts.size());
        for (GrantAccount account : accounts) {
            if (!concerns(account, need)) {
                continue;
            }
            HeldGrant grant = account.current();
            long amount = need.of(unit(account));
            if (grant == null || !grant.reserve(amount, now)) {
                holds.forEach(hold -> hold.undo(now));
                return null;
            }
            holds.add(new Hold(account, grant, amount));
        }
        return holds;
    }

    private static @Nullable Attempt lowered(List<GrantAccount> accounts, WorstCase work, long now) {
        int tokens = work.outputTokensMax();
        for (GrantAccount account : accounts) {
            tokens = Math.min(tokens, affordable(account, work, now));
        }
        if (tokens < work.outputTokensMin() || tokens < 0) {
            return null;
        }
        Need need = work.need(tokens);
        List<Hold> holds = tryHold(accounts, need, now);
        return holds == null ? null : new Attempt.Held(holds, need, tokens);
    }

    /** The most output that the account has room for; negative if not even the input fits. */
    private static int affordable(GrantAccount account, WorstCase work, long now) {
        long free = free(account, now);
        Need least = work.need(0);
        long left = free - least.of(unit(account));
        if (!concerns(account, work.need(work.outputTokensMax()))) {
            return work.outputTokensMax();
        }
        if (free < 0 || left < 0) {
            return -1;
        }
        if (countsTokensOfQuota(account)) {
            return free >= work.need(work.outputTokensMax()).tokens() ? work.outputTokensMax() : -1;
        }
        long perToken = switch (unit(account)) {
            case MONEY -> work.perOutputToken().value();
            case TOKENS -> 1;
            case RESPONSES, SESSION_STARTS, AUDIO_MILLIS -> 0;
        };
        return perToken == 0 ? work.outputTokensMax() : (int) Math.min(work.outputTokensMax(), left / perToken);
    }

    private static boolean countsTokensOfQuota(GrantAccount account) {
        return unit(account) == Unit.TOKENS && account.limit().budget() == null;
    }

    /** Whether work counts against the limit; of those that the ledger settles every work does, even if it reserves nothing. */
    static boolean concerns(GrantAccount account, Need need) {
        Unit unit = unit(account);
        return need.of(unit) > 0 || (unit.ledgered() && need.sessionStarts() == 0);
    }

    /** Of those that gave less than was needed, the one that renews last. */
    private static @Nullable GrantAccount tightest(List<GrantAccount> lacking, long now, long youngerNanos) {
        return lacking.stream()
                .filter(account -> exhausted(account, now, youngerNanos))
                .max(Comparator.comparing(Budgets::renews))
                .orElse(null);
    }

    private static Instant renews(GrantAccount account) {
        Instant renews = account.standing().renews();
        return renews == null ? Instant.MAX : renews;
    }

    private Refusal exhausted(TenantId tenant, GrantAccount account) {
        return QuotaRefusals.exhausted(tenant, account.limit(), account.standing(), node.databaseNow());
    }

    private static long free(GrantAccount account, long now) {
        HeldGrant grant = account.current();
        return grant == null ? -1 : grant.free(now);
    }

    private static Unit unit(GrantAccount account) {
        return account.limit().unit();
    }

    private static boolean exhausted(GrantAccount account, long now, long youngerNanos) {
        Standing standing = account.standing();
        return standing.exhausted() && now - standing.atNanos() < youngerNanos;
    }

    private static boolean away(GrantAccount account, long since) {
        Standing standing = account.standing();
        return standing.away() && standing.atNanos() - since >= 0;
    }

    private static Future<Attempt> refused(Refusal refusal) {
        return Future.succeededFuture(new Attempt.Refused(refusal));
    }
}
