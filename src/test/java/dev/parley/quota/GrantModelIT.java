package dev.parley.quota;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.concurrent.ManualTicker;
import dev.parley.domain.Charge;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import dev.parley.quota.GrantStore.Answer;
import dev.parley.quota.GrantStore.Ask;
import dev.parley.quota.GrantStore.Outcome;
import dev.parley.store.JdbcGrants;
import dev.parley.store.TestDatabase;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * The simulation of grants is worth as much as its model of the tables: here the same random rounds, usage entries and deaths
 * of nodes go to the model and to the functions in Postgres, and the answers must be the same. Limits without periods only, as
 * the database's clock cannot be turned. {@code -Dgrant.steps=100000 -Dgrant.seed=N}.
 */
class GrantModelIT {
    private static final int STEPS = Integer.getInteger("grant.steps", 3_000);
    private static final TenantId TENANT = new TenantId("acme");
    private static final int NODES = 4;

    private final TestDatabase database = TestDatabase.create();
    private final ManualTicker ticker = new ManualTicker(Instant.parse("2026-11-21T10:30:00Z"));
    private final ModelGrantStore model = new ModelGrantStore(ticker::now);
    private final GrantStore tables = new JdbcGrants(database.database());
    private final List<Limit> limits = new ArrayList<>(List.of(
            limit("hard", Unit.MONEY, null, true),
            limit("soft", Unit.MONEY, null, false),
            limit("tokens", Unit.TOKENS, "alice", true),
            limit("responses", Unit.RESPONSES, null, true)));
    private final List<Long> epochs = new ArrayList<>();
    private final Map<Key, Both> grants = new HashMap<>();
    private final Map<Outcome, Integer> outcomes = new HashMap<>();
    private int deaths;
    private int entries;

    /** A node's grant of a limit. */
    private record Key(long epoch, String limit) {}

    /** The last answers about a grant. */
    private record Both(Answer model, Answer tables) {}

    @AfterEach
    void close() {
        database.close();
    }

    @Test
    void modelAndTablesGiveTheSameAnswers() {
        long seed = Long.getLong("grant.seed", System.nanoTime());

        Optional<String> difference = run(STEPS, seed);

        System.out.printf(
                "%,d steps, seed %d: %s; answers %s, %,d usage entries, %,d deaths of nodes%n",
                STEPS, seed, difference.orElse("0 differences"), outcomes, entries, deaths);
        assertThat(difference).isEmpty();
        assertThat(outcomes).containsOnlyKeys(Outcome.DONE, Outcome.STALE, Outcome.CLOSED, Outcome.FENCED);
    }

    /** It can fail: a model with a wrong rule is found out. */
    @Test
    void noticesAModelThatFreesWhatDeadNodesHeld() {
        model.releasesOrphansOfHardLimits = true;

        assertThat(run(1_000, 1)).isPresent();
    }

    /** The first difference. */
    private Optional<String> run(int steps, long seed) {
        Random random = new Random(seed);
        for (int node = 0; node < NODES; node++) {
            epochs.add(register());
        }
        for (int step = 0; step < steps; step++) {
            int kind = random.nextInt(100);
            if (kind < 70) {
                Optional<String> difference = round(random);
                if (difference.isPresent()) {
                    return Optional.of("at step " + step + ", seed " + seed + ": " + difference.get());
                }
            } else if (kind < 90) {
                settle(random);
            } else if (kind < 93) {
                die(random.nextInt(NODES));
            } else if (kind < 96) {
                change(random.nextInt(limits.size()), random);
            } else {
                waitUntilNobodyLacksAnything();
            }
        }
        return Optional.empty();
    }

    private Optional<String> round(Random random) {
        long epoch = epochs.get(random.nextInt(random.nextInt(10) == 0 ? epochs.size() : NODES));
        List<Limit> some = new ArrayList<>(limits);
        Collections.shuffle(some, random);
        List<Limit> asked = some.subList(0, 1 + random.nextInt(3));
        List<Ask> toModel = new ArrayList<>();
        List<Ask> toTables = new ArrayList<>();
        for (Limit limit : asked) {
            Both known = grants.get(new Key(epoch, limit.key()));
            Draw draw = Draw.of(random, known);
            toModel.add(draw.ask(limit, known == null ? null : known.model()));
            toTables.add(draw.ask(limit, known == null ? null : known.tables()));
        }
        List<Answer> fromModel = model.exchange(epoch, toModel);
        List<Answer> fromTables = tables.exchange(epoch, toTables);
        stopTheClockOfLacks();
        for (int i = 0; i < asked.size(); i++) {
            Answer one = fromModel.get(i);
            Answer other = fromTables.get(i);
            outcomes.merge(one.outcome(), 1, Integer::sum);
            if (!withoutIds(one).equals(withoutIds(other))) {
                return Optional.of(toModel.get(i) + " is answered by " + one + " and by " + other);
            }
            if (one.outcome() != Outcome.FENCED) {
                grants.put(new Key(epoch, asked.get(i).key()), new Both(one, other));
            }
        }
        return Optional.empty();
    }

    /** What both are asked, but for the ids. */
    private record Draw(
            boolean opens,
            int seqOff,
            boolean seqKnown,
            long give,
            long least,
            long useful,
            long most,
            long reserved,
            long idle,
            long used,
            boolean closes) {
        static Draw of(Random random, @Nullable Both known) {
            long free =
                    known == null ? 0 : known.model().granted() - known.model().settled();
            long least = random.nextBoolean() ? 0 : random.nextInt(300);
            long reserved = random.nextInt(200);
            return new Draw(
                    known == null || random.nextInt(10) == 0,
                    random.nextInt(10) == 0 ? 1 : 0,
                    random.nextInt(10) > 0,
                    free > 0 && random.nextInt(3) == 0 ? random.nextLong(free + 1) : 0,
                    least,
                    random.nextInt(3) == 0 ? least : random.nextLong(least + 1),
                    random.nextInt(4) == 0 ? 0 : least + random.nextInt(500),
                    reserved,
                    random.nextLong(reserved + 1),
                    random.nextInt(400),
                    random.nextInt(8) == 0);
        }

        /** A grant that is opened has nothing to give back, and nobody opens one to close it. */
        Ask ask(Limit limit, @Nullable Answer held) {
            return held == null || opens
                    ? new Ask(TENANT, limit, null, null, 0, least, useful, most, reserved, idle, used, false)
                    : new Ask(
                            TENANT,
                            limit,
                            held.grant(),
                            seqKnown ? held.seq() + seqOff : null,
                            give,
                            least,
                            useful,
                            most,
                            reserved,
                            idle,
                            used,
                            closes);
        }
    }

    /** A usage entry, which may cost more than is granted; not seldom after the node's death. */
    private void settle(Random random) {
        List<Both> known = grants.entrySet().stream()
                .sorted(Map.Entry.comparingByKey((one, other) -> one.epoch() == other.epoch()
                        ? one.limit().compareTo(other.limit())
                        : Long.compare(one.epoch(), other.epoch())))
                .map(Map.Entry::getValue)
                .collect(Collectors.toCollection(ArrayList::new));
        Collections.shuffle(known, random);
        List<Both> charged = known.subList(0, Math.min(known.size(), 1 + random.nextInt(2)));
        long amount = random.nextInt(40);
        model.settle(charged.stream()
                .map(both -> new Charge(both.model().balance(), both.model().grant(), amount))
                .toList());
        String ids = charged.stream()
                .map(both -> Long.toString(both.tables().grant()))
                .collect(Collectors.joining(","));
        database.query("select settle_grants(array[" + ids + "]::bigint[], array_fill(" + amount + "::bigint, array["
                + charged.size() + "]))");
        entries++;
    }

    /** The living are the first of the epochs; a dead one stays behind them, and asks now and then. */
    private void die(int node) {
        long dead = epochs.get(node);
        model.end(dead);
        database.query("select end_node(" + dead + ", 'late')");
        epochs.set(node, register());
        epochs.add(dead);
        deaths++;
    }

    private long register() {
        return Long.parseLong(database.query("select new_epoch from register_node('node-" + epochs.size() + "-" + deaths
                + "', '127.0.0.1:0', 'test', true)"));
    }

    private void change(int which, Random random) {
        Limit old = limits.get(which);
        limits.set(
                which,
                new Limit(
                        old.key(),
                        old.budget(),
                        old.unit(),
                        old.period(),
                        old.subject(),
                        random.nextInt(4_000),
                        old.hard()));
    }

    /** In the tables a lack would be forgotten after three seconds of real time. */
    private void stopTheClockOfLacks() {
        database.execute("update budget_balance set wanted_until = 'infinity' where wanted_until <> '-infinity'");
    }

    private void waitUntilNobodyLacksAnything() {
        ticker.advance(Duration.ofMinutes(1));
        database.execute("update budget_balance set wanted_until = '-infinity' where wanted_until is not null");
    }

    private static Answer withoutIds(Answer answer) {
        return new Answer(
                answer.outcome(),
                0,
                0,
                answer.seq(),
                answer.granted(),
                answer.settled(),
                answer.outcome() == Outcome.FENCED ? 0 : answer.ttlMillis(),
                answer.windowMillis(),
                answer.over(),
                answer.wanted(),
                answer.reclaimable(),
                answer.spent(),
                answer.windowEnds());
    }

    private static Limit limit(String key, Unit unit, @Nullable String subject, boolean hard) {
        return new Limit(
                "test/" + key,
                unit == Unit.RESPONSES ? null : key,
                unit,
                LimitPeriod.TOTAL,
                subject == null ? null : new SubjectId(subject),
                2_000,
                hard);
    }
}
