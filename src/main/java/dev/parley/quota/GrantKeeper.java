package dev.parley.quota;

import dev.parley.concurrent.RepeatedFailure;
import dev.parley.concurrent.Rounds;
import dev.parley.concurrent.Ticker;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.NodeIdentity;
import dev.parley.domain.TenantId;
import dev.parley.quota.GrantAccount.Turn;
import dev.parley.quota.GrantStore.Answer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node's grants: gets them, renews them, gives back what is not used. All that waits goes into one round with the
 * database; a round is made every {@link #ROUND} while anything is held, and at once when somebody waits. A grant that could
 * not be renewed is not spent from any more. Thread-safe; the rounds run on a virtual thread of their own.
 */
public final class GrantKeeper implements AutoCloseable {
    static final Duration ROUND = Duration.ofSeconds(1);
    /** After this time what is not used goes back, or is yielded to whoever lacks it. */
    static final Duration IDLE = Duration.ofSeconds(5);

    /** Asks in one transaction: so many are far from the deadline of a statement. */
    static final int EXCHANGE_MAX = 1_000;

    static final long ROUND_NANOS = ROUND.toNanos();
    static final long IDLE_NANOS = IDLE.toNanos();
    private static final Logger LOGGER = LoggerFactory.getLogger(GrantKeeper.class);

    private final GrantStore store;
    private final NodeIdentity node;
    private final Ticker ticker;
    private final ConcurrentMap<Key, GrantAccount> accounts = new ConcurrentHashMap<>();
    private final AtomicLong exchanges = new AtomicLong();
    private final RepeatedFailure trouble = new RepeatedFailure(
            LOGGER, "grants cannot be renewed now; what is held is spent, then nothing is admitted");
    private @Nullable Rounds rounds;

    private record Key(TenantId tenant, String limit, String subject) {}

    private record Placed(Key key, Turn turn) {}

    /** Nothing runs before {@link #start}. */
    public GrantKeeper(GrantStore store, NodeIdentity node, Ticker ticker) {
        this.store = store;
        this.node = node;
        this.ticker = ticker;
    }

    public synchronized void start() {
        rounds = new Rounds("grants", ROUND, () -> round(false));
    }

    /** Rounds made since the start: all that this node has asked the database of its budgets. */
    public long exchanges() {
        return exchanges.get();
    }

    /** What is held, of all accounts, in units that are money. */
    public long heldMoney() {
        return accounts.values().stream()
                .map(GrantAccount::current)
                .filter(held -> held != null && held.unit() == Unit.MONEY)
                .mapToLong(held -> held.amounts().granted() - held.amounts().spent())
                .sum();
    }

    /** What running work of a tenant has set aside on this node, in nano-dollars. */
    public NanoUsd reserved(TenantId tenant) {
        long sum = 0;
        for (var entry : accounts.entrySet()) {
            boolean money = entry.getValue().limit().unit() == Unit.MONEY;
            if (money
                    && entry.getKey().tenant().equals(tenant)
                    && entry.getKey().subject().isEmpty()) {
                sum = Math.max(sum, entry.getValue().reserved());
            }
        }
        return new NanoUsd(sum);
    }

    /** Gives back what is not in use, and stops. Blocks. */
    @Override
    public void close() {
        Rounds running;
        synchronized (this) {
            running = rounds;
            rounds = null;
        }
        if (running != null) {
            running.close();
            round(true);
        }
    }

    GrantAccount join(TenantId tenant, Limit limit) {
        return accounts.compute(key(tenant, limit), (_, there) -> {
            GrantAccount account = there == null ? new GrantAccount(tenant, limit) : there;
            account.users++;
            account.hear(limit);
            return account;
        });
    }

    void leave(TenantId tenant, Limit limit) {
        accounts.computeIfPresent(key(tenant, limit), (_, account) -> {
            account.users--;
            return account;
        });
    }

    /** Somebody waits. */
    void ring() {
        Rounds running = rounds;
        if (running != null) {
            running.ring();
        }
    }

    /** One round; on the keeper's thread. */
    void round(boolean last) {
        long now = ticker.nanos();
        long epoch = node.epoch();
        List<Placed> placed = new ArrayList<>();
        accounts.forEach((key, account) -> {
            account.turns(now, epoch, last).forEach(turn -> placed.add(new Placed(key, turn)));
            if (account.empty()) {
                accounts.computeIfPresent(key, (_, there) -> there.users == 0 && there.empty() ? null : there);
            }
        });
        if (placed.isEmpty()) {
            return;
        }
        placed.sort(Comparator.comparing((Placed one) -> one.key().tenant().value())
                .thenComparing(one -> one.key().limit())
                .thenComparing(one -> one.key().subject()));
        List<Turn> turns = placed.stream().map(Placed::turn).toList();
        for (int from = 0; from < turns.size(); from += EXCHANGE_MAX) {
            exchange(turns.subList(from, Math.min(turns.size(), from + EXCHANGE_MAX)), epoch);
        }
    }

    private void exchange(List<Turn> turns, long epoch) {
        long sent = ticker.nanos();
        List<Answer> answers;
        try {
            exchanges.incrementAndGet();
            answers = store.exchange(epoch, turns.stream().map(Turn::ask).toList());
        } catch (RuntimeException e) {
            trouble.met(e);
            turns.forEach(turn -> turn.failed(ticker.nanos()));
            return;
        }
        trouble.over();
        for (int i = 0; i < turns.size(); i++) {
            turns.get(i).answered(answers.get(i), epoch, sent);
        }
    }

    private static Key key(TenantId tenant, Limit limit) {
        return new Key(
                tenant,
                limit.key(),
                limit.subject() == null ? "" : limit.subject().value());
    }
}
