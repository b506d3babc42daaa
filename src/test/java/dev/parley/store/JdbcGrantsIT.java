package dev.parley.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.domain.Charge;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import dev.parley.ledger.LedgerStore.Outcome;
import dev.parley.ledger.UsageEntries;
import dev.parley.ledger.UsageEntry;
import dev.parley.quota.GrantStore;
import dev.parley.quota.GrantStore.Answer;
import dev.parley.quota.GrantStore.Ask;
import dev.parley.quota.Limit;
import dev.parley.quota.LimitPeriod;
import dev.parley.quota.Unit;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class JdbcGrantsIT {
    private static final TestDatabase DB = TestDatabase.create();
    private final JdbcGrants grants = new JdbcGrants(DB.database());
    private final JdbcLedgerStore ledger = new JdbcLedgerStore(DB.database());

    @AfterAll
    static void close() {
        DB.close();
    }

    @Test
    void givesWhatIsNeededAndNeverMoreThanTheLimit() {
        Limit limit = limit("need", 100);
        long one = node("need-1");
        long two = node("need-2");

        Answer first = exchange(one, ask("need", limit, null, 0, 30, 30));
        Answer second = exchange(two, ask("need", limit, null, 0, 90, 90));

        assertThat(first.granted()).isEqualTo(30);
        assertThat(second.granted()).isEqualTo(70);
        assertThat(second.reclaimable()).as("the first may have something free").isTrue();
        assertThat(exchange(one, ask("need", limit, first, 0, 0, 0)).wanted()).isTrue();
        assertThat(DB.query("select spent + granted from budget_balance where tenant_id = 'need'"))
                .isEqualTo("100");
    }

    @Test
    void leavesHalfOfWhatIsLeftToTheOthersWhenMoreIsWelcomeThanNeeded() {
        Limit limit = limit("half", 1_000);

        Answer answer = exchange(node("half-1"), ask("half", limit, null, 0, 10, 1_000));

        assertThat(answer.granted()).isEqualTo(500);
    }

    @Test
    void aRoundThatIsRepeatedOrComesLateChangesNothing() {
        Limit limit = limit("late", 100);
        long node = node("late-1");
        Answer opened = exchange(node, ask("late", limit, null, 0, 40, 40));
        Ask giveBack = ask("late", limit, opened, 10, 0, 0);

        assertThat(exchange(node, giveBack).granted()).isEqualTo(30);
        Answer repeated = exchange(node, giveBack);

        assertThat(repeated.outcome()).isEqualTo(GrantStore.Outcome.STALE);
        assertThat(repeated.granted()).isEqualTo(30);
        Answer unknown = exchange(
                node, new Ask(new TenantId("late"), limit, opened.grant(), null, 10, 50, 0, 50, 0, 0, 0, false));
        assertThat(unknown.outcome()).isEqualTo(GrantStore.Outcome.STALE);
        assertThat(unknown.granted()).isEqualTo(30);
        assertThat(exchange(node, ask("late", limit, unknown, 0, 5, 5)).granted())
                .isEqualTo(35);
        Answer lostOpening = exchange(node, ask("late", limit, null, 0, 50, 50));
        assertThat(lostOpening.outcome()).isEqualTo(GrantStore.Outcome.STALE);
        assertThat(lostOpening.granted()).isEqualTo(35);
    }

    @Test
    void anEndedNodeGetsNothingAndWhatItHeldStaysBurned() {
        Limit limit = limit("dead", 100);
        long node = node("dead-1");
        Answer held = exchange(node, ask("dead", limit, null, 0, 60, 60));
        DB.execute("select end_node(" + node + ", 'late')");

        assertThat(exchange(node, ask("dead", limit, held, 0, 10, 10)).outcome())
                .isEqualTo(GrantStore.Outcome.FENCED);
        assertThat(exchange(node("dead-2"), ask("dead", limit, null, 0, 80, 80)).granted())
                .isEqualTo(40);
        write("dead", "resp_late", held, 25);
        assertThat(DB.query("select settled || ' ' || state from budget_grant where id = " + held.grant()))
                .isEqualTo("25 orphan");
    }

    @Test
    void whatADeadNodeHeldOfASoftLimitIsFreeAndALateEntryStillCounts() {
        Limit limit = new Limit("budget/soft", "main", Unit.MONEY, LimitPeriod.DAY, null, 100, false);
        long node = node("soft-1");
        Answer held = exchange(node, ask("soft", limit, null, 0, 60, 60));
        write("soft", "resp_1", held, 10);
        DB.execute("select end_node(" + node + ", 'late')");

        write("soft", "resp_2", held, 7);

        assertThat(DB.query("select spent || ' ' || granted from budget_balance where tenant_id = 'soft'"))
                .isEqualTo("17 0");
    }

    @Test
    void anEntryThatIsWrittenTwiceIsChargedOnce() {
        Limit limit = limit("twice", 100);
        Answer held = exchange(node("twice-1"), ask("twice", limit, null, 0, 50, 50));

        write("twice", "resp_1", held, 10);
        write("twice", "resp_1", held, 10);

        assertThat(DB.query("select settled from budget_grant where id = " + held.grant()))
                .isEqualTo("10");
        assertThat(DB.query("select charged::text from usage_entry where tenant_id = 'twice'"))
                .isEqualTo("{" + held.balance() + "}");
    }

    @Test
    void aNewWindowBeginsWithWhatTheLedgerHolds() {
        ledger.insert(List.of(UsageEntries.response("opening", "old")));
        Limit limit = new Limit("budget/o", "main", Unit.MONEY, LimitPeriod.TOTAL, null, 50_000_000, true);
        Limit alice =
                new Limit("budget/a", "main", Unit.TOKENS, LimitPeriod.TOTAL, new SubjectId("alice"), 5_000, true);
        Limit bob = new Limit("budget/a", "main", Unit.TOKENS, LimitPeriod.TOTAL, new SubjectId("bob"), 5_000, true);
        long node = node("opening-1");

        assertThat(exchange(node, ask("opening", limit, null, 0, 0, 0)).spent()).isEqualTo(10_000_000);
        assertThat(exchange(node, ask("opening", alice, null, 0, 0, 0)).spent())
                .as("869 + 42 in, 27 + 77 out")
                .isEqualTo(1_015);
        assertThat(exchange(node, ask("opening", bob, null, 0, 0, 0)).spent()).isZero();
    }

    @Test
    void aLoweredLimitSaysWhatIsOver() {
        long node = node("lower-1");
        Answer held = exchange(node, ask("lower", limit("lower", 100), null, 0, 80, 80));

        Answer lowered = exchange(node, ask("lower", limit("lower", 50), held, 0, 10, 10));

        assertThat(lowered.granted()).isEqualTo(80);
        assertThat(lowered.over()).isEqualTo(30);
    }

    @Test
    void aSubjectWithAZeroCharacterHarmsNobody() {
        Limit odd = new Limit("budget/odd", "main", Unit.MONEY, LimitPeriod.DAY, new SubjectId("a\0b"), 100, true);
        List<Answer> answers = grants.exchange(
                node("odd-1"),
                List.of(ask("odd", odd, null, 0, 10, 10), ask("odd", limit("odd", 100), null, 0, 10, 10)));

        assertThat(answers).extracting(Answer::granted).containsExactly(10L, 10L);
    }

    @Test
    void aWindowThatCannotBeOpenedIsRefusedByItself() {
        DB.execute("""
                insert into usage_entry (tenant_id, entry_id, period, subject, session_id, upstream_session, reference, work,
                    kind, node, account, model_asked, model_resolved, status, text_in, audio_in, image_in, cached_text,
                    cached_audio, cached_image, text_out, audio_out, reasoning_out, millis, price_version, cost_nano, event_time)
                select 'huge', gen_random_uuid(), 202611, 's', 's', 'u', 'r' || n, 'response', 'usage', 'n', 'a', 'm', 'm', 'completed',
                    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 9000000000000000000, now() from generate_series(1, 2) as n
                """);
        Limit sound = limit("sound", 100);

        List<Answer> answers = grants.exchange(
                node("huge-1"),
                List.of(ask("huge", limit("huge", 100), null, 0, 10, 10), ask("sound", sound, null, 0, 10, 10)));

        assertThat(answers.get(0).outcome()).isEqualTo(GrantStore.Outcome.AWAY);
        assertThat(answers.get(1).granted()).isEqualTo(10);
    }

    @Test
    void whatWasSpentWhileATenantDidNotHaveABudgetCountsWhenItHasItAgain() {
        DB.execute("insert into tenant (id, name) values ('again', 'Again')");
        Limit limit = new Limit("budget/again", "main", Unit.MONEY, LimitPeriod.TOTAL, null, 100, true);
        long node = node("again-1");
        Answer held = exchange(node, ask("again", limit, null, 0, 40, 40));
        write("again", "resp_1", held, 30);
        exchange(node, new Ask(new TenantId("again"), limit, held.grant(), held.seq(), 0, 0, 0, 0, 0, 0, 0, true));
        assertThat(ledger.insert(List.of(UsageEntries.response(
                        "again", "resp_2", 202611, new NanoUsd(60), Instant.parse("2026-11-21T10:00:00Z")))))
                .isEqualTo(new Outcome.Committed());
        assertThat(exchange(node, ask("again", limit, null, 0, 0, 0)).spent()).isEqualTo(30);

        DB.execute("update tenant set name = 'Again and again' where id = 'again'");
        Answer again = exchange(node("again-2"), ask("again", limit, null, 0, 50, 50));

        assertThat(again.spent()).isEqualTo(90);
        assertThat(again.granted()).isEqualTo(10);
        exchange(node("again-3"), ask("again", limit, null, 0, 0, 0));
        DB.execute("update tenant set name = 'Once more' where id = 'again'");
        assertThat(exchange(node("again-4"), ask("again", limit, null, 0, 0, 0)).spent())
                .as("counted once")
                .isEqualTo(90);
        assertThat(DB.query("select count(*) from verify_ledger() as problem where problem::text like '%again%'"))
                .isEqualTo("0");
    }

    @Test
    void endedWindowsOfQuotasAreForgottenUnlessALivingNodeHasAGrantOfThem() {
        Limit quota = new Limit("quota/q", null, Unit.RESPONSES, LimitPeriod.MINUTE, null, 100, true);
        long node = node("ended-1");
        Answer held = exchange(node, ask("ended", quota, null, 0, 10, 10));
        exchange(node, ask("ended", limit("ended", 100), null, 0, 10, 10));
        DB.execute("update budget_balance set window_end = now() - interval '1 day' where tenant_id = 'ended'");
        DB.database().inTransaction("forget", Upkeep::deleteQuotaWindows);
        assertThat(windows("ended")).isEqualTo("2");

        exchange(node, new Ask(new TenantId("ended"), quota, held.grant(), held.seq(), 0, 0, 0, 0, 0, 0, 0, true));
        DB.database().inTransaction("forget", Upkeep::deleteQuotaWindows);

        assertThat(windows("ended")).as("that of the budget").isEqualTo("1");
    }

    private static String windows(String tenant) {
        return DB.query("select count(*) from budget_balance where tenant_id = '" + tenant + "'");
    }

    /** Sixteen nodes take, give back, settle, close and die at random; the balance row is right at every moment. */
    @Test
    void manyNodesAtOnceNeverHoldMoreThanTheLimit() throws Exception {
        long seed = System.nanoTime();
        Limit limit = limit("crowd", 1_000);
        List<Future<Long>> running = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 16; i++) {
                int number = i;
                running.add(threads.submit(() -> live(number, limit, new Random(seed + number))));
            }
            for (Future<Long> one : running) {
                one.get();
            }
        }
        assertThat(DB.query("select spent + granted <= limit_amount from budget_balance where tenant_id = 'crowd'"))
                .as("seed " + seed)
                .isEqualTo("t");
        assertThat(DB.query("""
                select b.granted = coalesce((select sum(granted) from budget_grant
                                             where balance_id = b.id and state <> 'closed'), 0)
                   and b.spent + coalesce((select sum(settled) from budget_grant
                                           where balance_id = b.id and state <> 'closed'), 0)
                     = (select coalesce(sum(cost_nano), 0) from usage_entry where charged @> array[b.id])
                from budget_balance as b where tenant_id = 'crowd'
                """)).as("seed " + seed).isEqualTo("t");
    }

    private long live(int number, Limit limit, Random random) {
        long node = node("crowd-" + number);
        Answer held = exchange(node, ask("crowd", limit, null, 0, 1 + random.nextInt(50), 100));
        long written = held.settled();
        for (int round = 0; round < 25; round++) {
            long free = held.granted() - written;
            if (random.nextInt(12) == 0) {
                DB.execute("select end_node(" + node + ", 'late')");
                return written;
            }
            if (free > 0 && random.nextBoolean()) {
                long amount = 1L + random.nextInt((int) free);
                write("crowd", "resp_" + number + "_" + round, held, amount);
                written += amount;
                free -= amount;
            }
            long give = free > 0 ? random.nextInt((int) free + 1) : 0;
            held = exchange(node, ask("crowd", limit, held, give, random.nextInt(20), random.nextInt(60)));
        }
        exchange(node, new Ask(new TenantId("crowd"), limit, held.grant(), held.seq(), 0, 0, 0, 0, 0, 0, 0, true));
        return written;
    }

    private static Limit limit(String name, long amount) {
        return new Limit("budget/" + name, "main", Unit.MONEY, LimitPeriod.DAY, null, amount, true);
    }

    private static Ask ask(String tenant, Limit limit, @Nullable Answer held, long give, long least, long most) {
        return new Ask(
                new TenantId(tenant),
                limit,
                held == null ? null : held.grant(),
                held == null ? null : held.seq(),
                give,
                least,
                0,
                Math.max(least, most),
                0,
                0,
                0,
                false);
    }

    private Answer exchange(long node, Ask ask) {
        return grants.exchange(node, List.of(ask)).getFirst();
    }

    private static long node(String name) {
        return Long.parseLong(
                DB.query("select new_epoch from register_node('" + name + "', '127.0.0.1:0', 'test', true)"));
    }

    private void write(String tenant, String reference, Answer held, long amount) {
        UsageEntry plain = UsageEntries.response(
                tenant, reference, 202611, new NanoUsd(amount), Instant.parse("2026-11-21T10:00:00Z"));
        UsageEntry charged = UsageEntries.charged(plain, List.of(new Charge(held.balance(), held.grant(), amount)));
        assertThat(ledger.insert(List.of(charged))).isEqualTo(new Outcome.Committed());
    }
}
