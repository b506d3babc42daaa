package dev.parley.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.cluster.NodeStore.Description;
import dev.parley.cluster.PermitStore.Answer;
import dev.parley.cluster.PermitStore.Back;
import dev.parley.cluster.PermitStore.Outcome;
import dev.parley.cluster.PermitStore.Take;
import dev.parley.domain.ModelName;
import dev.parley.domain.SessionId;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class JdbcPermitsIT {
    private static final TestDatabase DB = TestDatabase.create();
    private static final TenantId ACME = new TenantId("acme");
    private static final TenantId GLOBEX = new TenantId("globex");

    private final JdbcPermits permits = new JdbcPermits(DB.database());
    private final JdbcNodes nodes = new JdbcNodes(DB.database());
    private long epoch;

    @AfterAll
    static void close() {
        DB.close();
    }

    @BeforeEach
    void empty() {
        DB.execute("truncate node, live_session, session_count, node_command");
        epoch = register("a");
    }

    @Test
    void takesUpToTheLimitInTheOrderOfTheRound() {
        List<Outcome> outcomes = take(epoch, request(ACME, "s", 2, null), 4);

        assertThat(outcomes)
                .containsExactly(
                        new Outcome(Answer.TAKEN, 1),
                        new Outcome(Answer.TAKEN, 2),
                        new Outcome(Answer.TENANT_FULL, 2),
                        new Outcome(Answer.TENANT_FULL, 2));
        assertThat(counts()).isEqualTo("acme=2");
    }

    @Test
    void tenantsOfOneRoundDoNotMix() {
        List<Take> takes =
                List.of(request(GLOBEX, "s", 1, null), request(ACME, "s", 1, null), request(GLOBEX, "s", 1, null));

        assertThat(permits.exchange(epoch, List.of(), takes))
                .extracting(Outcome::answer)
                .containsExactly(Answer.TAKEN, Answer.TAKEN, Answer.TENANT_FULL);
        assertThat(counts()).isEqualTo("acme=1 globex=1");
    }

    @Test
    void aSubjectHasALimitOfItsOwn() {
        List<Take> takes = List.of(
                request(ACME, "kim", 10, 1),
                request(ACME, "kim", 10, 1),
                request(ACME, "lee", 10, 1),
                request(ACME, "max", 10, null));

        assertThat(permits.exchange(epoch, List.of(), takes))
                .extracting(Outcome::answer)
                .containsExactly(Answer.TAKEN, Answer.SUBJECT_FULL, Answer.TAKEN, Answer.TAKEN);
    }

    @Test
    void givesBackBeforeItTakes() {
        Take first = request(ACME, "s", 1, null);
        permits.exchange(epoch, List.of(), List.of(first));

        List<Outcome> outcomes = permits.exchange(epoch, List.of(back(first)), List.of(request(ACME, "s", 1, null)));

        assertThat(outcomes).containsExactly(new Outcome(Answer.TAKEN, 1));
    }

    @Test
    void theSameRoundAgainDoesNothingTwice() {
        Take old = request(ACME, "s", 2, null);
        permits.exchange(epoch, List.of(), List.of(old));
        List<Take> takes = List.of(request(ACME, "s", 2, null), request(ACME, "s", 2, null));

        List<Outcome> once = permits.exchange(epoch, List.of(back(old)), takes);
        List<Outcome> again = permits.exchange(epoch, List.of(back(old)), takes);

        assertThat(once).extracting(Outcome::answer).containsOnly(Answer.TAKEN);
        assertThat(again).extracting(Outcome::answer).containsOnly(Answer.TAKEN);
        assertThat(counts()).isEqualTo("acme=2");
    }

    @Test
    void recordsWhoTheSessionIs() {
        Take take =
                new Take(SessionId.random(), ACME, new SubjectId("k\0im"), new ModelName("gpt-realtime-2.1"), 1, null);

        permits.exchange(epoch, List.of(), List.of(take));

        assertThat(DB.query("select concat_ws(' ', tenant_id, subject, model, node, epoch = " + epoch
                        + ") from live_session"))
                .isEqualTo("acme k\uFFFDim gpt-realtime-2.1 a t");
        assertThat(permits.held(epoch, Duration.ZERO)).containsExactly(back(take));
        assertThat(permits.held(epoch, Duration.ofHours(1))).isEmpty();
    }

    @Test
    void aNodeThatIsEndedTakesNothing() {
        take(epoch, request(ACME, "s", 5, null), 1);
        nodes.stopped(epoch);

        assertThat(take(epoch, request(ACME, "s", 5, null), 1)).containsExactly(new Outcome(Answer.FENCED, 0));
        assertThat(counts()).isEqualTo("acme=0");
        assertThat(DB.query("select count(*) from live_session")).isEqualTo("0");
    }

    @Test
    void aNodeGivesBackOnlyItsOwn() {
        Take take = request(ACME, "s", 5, null);
        permits.exchange(epoch, List.of(), List.of(take));
        long other = register("b");

        permits.exchange(other, List.of(back(take)), List.of());

        assertThat(counts()).isEqualTo("acme=1");
    }

    @Test
    void aDeadNodesSessionsGoBackAndTheOthersStay() {
        take(epoch, request(ACME, "s", 10, null), 3);
        take(epoch, request(GLOBEX, "s", 10, null), 2);
        long other = register("b");
        take(other, request(ACME, "s", 10, null), 1);
        DB.execute("update node set heartbeat_at = clock_timestamp() - interval '1 min' where epoch = " + epoch);

        assertThat(nodes.reap(Duration.ofSeconds(5), Instant.now()))
                .singleElement()
                .satisfies(dead -> assertThat(dead.sessions()).isEqualTo(5));
        assertThat(counts()).isEqualTo("acme=1 globex=0");
    }

    /** Nodes that take, give back, die and come again, all at once: no lock circle, and the counts stay exact. */
    @Test
    void countsStayExactUnderAStormOfRoundsAndDeaths() throws Exception {
        int limit = 7;
        List<Callable<Integer>> threads = new ArrayList<>();
        IntStream.range(0, 6).forEach(number -> threads.add(() -> storm(number, limit)));
        int most = 0;
        try (ExecutorService pool = Executors.newFixedThreadPool(threads.size())) {
            for (Future<Integer> result : pool.invokeAll(threads)) {
                most = Math.max(most, result.get());
            }
        }

        assertThat(most).isEqualTo(limit);
        assertThat(DB.query("select count(*) from session_count c where open <>"
                        + " (select count(*) from live_session s where s.tenant_id = c.tenant_id)"))
                .isEqualTo("0");
        DB.execute("select end_node(epoch, 'stopped') from node where ended_at is null");
        assertThat(DB.query("select sum(open) from session_count")).isEqualTo("0");
    }

    private int storm(int number, int limit) {
        Random random = new Random(number);
        long own = register("storm-" + number);
        List<Take> held = new ArrayList<>();
        int most = 0;
        for (int round = 0; round < 60; round++) {
            if (random.nextInt(12) == 0) {
                own = register("storm-" + number);
                held.clear();
            }
            List<Back> backs = held.stream()
                    .filter(_ -> random.nextBoolean())
                    .map(JdbcPermitsIT::back)
                    .toList();
            List<Take> takes = IntStream.range(0, random.nextInt(8))
                    .mapToObj(_ -> request(random.nextBoolean() ? ACME : GLOBEX, "s", limit, null))
                    .toList();
            List<Outcome> outcomes = permits.exchange(own, backs, takes);
            held.removeIf(take -> backs.contains(back(take)));
            for (int i = 0; i < takes.size(); i++) {
                most = Math.max(most, outcomes.get(i).open());
                if (outcomes.get(i).answer() == Answer.TAKEN) {
                    held.add(takes.get(i));
                }
            }
        }
        return most;
    }

    private List<Outcome> take(long under, Take like, int times) {
        return permits.exchange(
                under,
                List.of(),
                IntStream.range(0, times)
                        .mapToObj(_ ->
                                request(like.tenant(), like.subject().value(), like.tenantMax(), like.subjectMax()))
                        .toList());
    }

    private long register(String name) {
        return nodes.register(new Description(name, "127.0.0.1:8081", "test"), true)
                .orElseThrow()
                .epoch();
    }

    private static Take request(TenantId tenant, String subject, int max, @Nullable Integer subjectMax) {
        return new Take(SessionId.random(), tenant, new SubjectId(subject), null, max, subjectMax);
    }

    private static Back back(Take take) {
        return new Back(take.session(), take.tenant());
    }

    private static String counts() {
        return DB.query("select string_agg(tenant_id || '=' || open, ' ' order by tenant_id) from session_count");
    }
}
