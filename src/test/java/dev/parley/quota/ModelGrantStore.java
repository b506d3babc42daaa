package dev.parley.quota;

import dev.parley.domain.Charge;
import dev.parley.domain.TenantId;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The rules of the grant tables, in memory: what the SQL of the migrations does, for tests that need it a million times. */
final class ModelGrantStore implements GrantStore {
    static final Duration LIFETIME = Duration.ofMinutes(1);
    private static final Duration WANTED_FOR = Duration.ofSeconds(3);

    private final Supplier<Instant> clock;
    private final Map<Window, Balance> balances = new HashMap<>();
    private final List<Grant> grants = new ArrayList<>();
    private final Set<Long> ended = new HashSet<>();
    private final Map<TenantId, Long> ledger = new HashMap<>();
    private long ids;
    private boolean away;
    private int asked;
    /** A wrong rule, to see that the tests notice: what dead nodes held of hard limits is free again. */
    boolean releasesOrphansOfHardLimits;

    ModelGrantStore(Supplier<Instant> clock) {
        this.clock = clock;
    }

    record Window(TenantId tenant, String key, String subject, Instant start) {}

    static final class Balance {
        final long id;
        final boolean hard;
        final Unit unit;
        final @Nullable Instant end;
        long spent;
        long granted;
        long limit;

        @Nullable
        Instant wantedUntil;

        long wantedBy;

        Balance(long id, Limit limit, @Nullable Instant end, long opening) {
            this.id = id;
            this.hard = limit.hard();
            this.unit = limit.unit();
            this.end = end;
            this.limit = limit.amount();
            this.spent = opening;
        }

        boolean wantedByOthers(long epoch, Instant now) {
            Instant until = wantedUntil;
            return until != null && until.isAfter(now) && wantedBy != epoch;
        }
    }

    static final class Grant {
        final long id;
        final Balance balance;
        final long epoch;
        long granted;
        long settled;
        long reserved;
        long idle;
        String state = "open";
        long seq = 1;

        Grant(long id, Balance balance, long epoch) {
            this.id = id;
            this.balance = balance;
            this.epoch = epoch;
        }
    }

    synchronized void away(boolean now) {
        away = now;
    }

    /** Rounds asked for. */
    synchronized int asked() {
        return asked;
    }

    /** What the ledger holds of a tenant before any window is opened. */
    synchronized void ledger(TenantId tenant, long money) {
        ledger.put(tenant, money);
    }

    synchronized void end(long epoch) {
        ended.add(epoch);
        for (Grant grant : grants) {
            if (grant.epoch != epoch || !grant.state.equals("open")) {
                continue;
            }
            if (grant.balance.hard && !releasesOrphansOfHardLimits) {
                grant.state = "orphan";
            } else {
                grant.balance.granted -= grant.granted;
                grant.balance.spent += grant.settled;
                grant.state = "closed";
            }
        }
    }

    /** A usage entry is committed. */
    synchronized void settle(List<Charge> charges) {
        for (Charge charge : charges) {
            Grant grant = grants.get((int) charge.grant());
            grant.settled += charge.amount();
            if (grant.state.equals("closed")) {
                grant.balance.spent += charge.amount();
            }
        }
    }

    synchronized long spent(TenantId tenant) {
        long sum = 0;
        for (Map.Entry<Window, Balance> entry : balances.entrySet()) {
            if (entry.getKey().tenant().equals(tenant)) {
                sum += spent(entry.getValue());
            }
        }
        return sum;
    }

    private long spent(Balance balance) {
        long sum = balance.spent;
        for (Grant grant : grants) {
            if (grant.balance == balance && !grant.state.equals("closed")) {
                sum += grant.settled;
            }
        }
        return sum;
    }

    @Override
    public synchronized List<Answer> exchange(long epoch, List<Ask> asks) {
        asked++;
        if (away) {
            throw new IllegalStateException("the store is away");
        }
        return asks.stream()
                .map(ask -> ended.contains(epoch) ? fenced() : answer(epoch, ask))
                .toList();
    }

    private static Answer fenced() {
        return new Answer(Outcome.FENCED, 0, 0, 0, 0, 0, 0, null, 0, false, false, 0, null);
    }

    private Answer answer(long epoch, Ask ask) {
        Grant grant = ask.grant() == null ? grantOfNow(epoch, ask) : grants.get((int) (long) ask.grant());
        Balance balance = grant.balance;
        boolean wanted = balance.wantedByOthers(epoch, clock.get());
        Outcome outcome = Outcome.DONE;
        if (grant.state.equals("closed") && ask.grant() == null) {
            grant.state = "open";
            grant.granted = 0;
            grant.settled = 0;
        } else if (!grant.state.equals("open")) {
            outcome = Outcome.CLOSED;
        } else if (ask.grant() == null ? grant.seq > 1 : ask.seq() == null || ask.seq() != grant.seq) {
            outcome = Outcome.STALE;
        }
        if (outcome != Outcome.CLOSED) {
            grant.seq++;
        }
        if (outcome == Outcome.DONE) {
            grant.granted -= ask.give();
            balance.granted -= ask.give();
            grant.reserved = ask.reserved();
            grant.idle = ask.idle();
            balance.limit = ask.limit().amount();
            if (!balance.unit.ledgered()) {
                grant.settled = Math.max(grant.settled, ask.used());
            }
            if (ask.close()) {
                balance.granted -= grant.granted;
                balance.spent += grant.settled;
                grant.state = "closed";
                outcome = Outcome.CLOSED;
            } else if (ask.most() > 0) {
                take(grant, ask, epoch, wanted);
            }
        }
        return told(outcome, grant, epoch, wanted);
    }

    private void take(Grant grant, Ask ask, long epoch, boolean wanted) {
        Balance balance = grant.balance;
        long holders =
                1 + others(grant).stream().filter(other -> other.epoch != epoch).count();
        long available = balance.limit - balance.spent - balance.granted;
        long share = balance.hard
                ? Math.min(
                        Math.min(ask.most(), Math.max(ask.least(), available / (2 * holders))), Math.max(0, available))
                : ask.most();
        share = balance.hard && wanted && share < ask.useful() ? 0 : share;
        grant.granted += share;
        balance.granted += share;
        if (share < ask.least()) {
            balance.wantedUntil = clock.get().plus(WANTED_FOR);
            balance.wantedBy = epoch;
        }
    }

    private List<Grant> others(Grant grant) {
        return grants.stream()
                .filter(other -> other != grant && other.balance == grant.balance && !other.state.equals("closed"))
                .toList();
    }

    private Answer told(Outcome outcome, Grant grant, long epoch, boolean wanted) {
        Balance balance = grant.balance;
        Instant now = clock.get();
        long free = others(grant).stream()
                .filter(other -> other.state.equals("open") && other.epoch != epoch)
                .mapToLong(other -> Math.max(0, other.granted - other.settled - other.reserved + other.idle))
                .sum();
        return new Answer(
                outcome,
                balance.id,
                grant.id,
                grant.seq,
                grant.granted,
                grant.settled,
                LIFETIME.toMillis(),
                balance.end == null
                        ? null
                        : Math.max(0, Duration.between(now, balance.end).toMillis()),
                balance.hard ? Math.max(0, balance.spent + balance.granted - balance.limit) : 0,
                wanted,
                free > 0,
                spent(balance),
                balance.end);
    }

    private Grant grantOfNow(long epoch, Ask ask) {
        Limit limit = ask.limit();
        Instant start = start(limit.period(), clock.get());
        String subject = limit.subject() == null ? "" : limit.subject().value();
        Balance balance = balances.computeIfAbsent(
                new Window(ask.tenant(), limit.key(), subject, start),
                _ -> new Balance(
                        ids++, limit, end(limit.period(), start), Math.max(0, ledger.getOrDefault(ask.tenant(), 0L))));
        return grants.stream()
                .filter(grant -> grant.balance == balance && grant.epoch == epoch)
                .max(Comparator.comparingLong(grant -> grant.id))
                .orElseGet(() -> {
                    Grant grant = new Grant(grants.size(), balance, epoch);
                    grants.add(grant);
                    return grant;
                });
    }

    private static Instant start(LimitPeriod period, Instant at) {
        ZonedDateTime utc = at.atZone(ZoneOffset.UTC);
        return switch (period) {
            case TOTAL -> Instant.EPOCH;
            case MINUTE -> utc.truncatedTo(ChronoUnit.MINUTES).toInstant();
            case HOUR -> utc.truncatedTo(ChronoUnit.HOURS).toInstant();
            case DAY -> utc.truncatedTo(ChronoUnit.DAYS).toInstant();
            case MONTH ->
                YearMonth.from(utc).atDay(1).atStartOfDay(ZoneOffset.UTC).toInstant();
        };
    }

    private static @Nullable Instant end(LimitPeriod period, Instant start) {
        ZonedDateTime utc = start.atZone(ZoneOffset.UTC);
        return switch (period) {
            case TOTAL -> null;
            case MINUTE -> utc.plusMinutes(1).toInstant();
            case HOUR -> utc.plusHours(1).toInstant();
            case DAY -> utc.plusDays(1).toInstant();
            case MONTH -> utc.plusMonths(1).toInstant();
        };
    }
}
