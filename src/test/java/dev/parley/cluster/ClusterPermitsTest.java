package dev.parley.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.cluster.PermitStore.Take;
import dev.parley.concurrent.Eventually;
import dev.parley.concurrent.ManualTicker;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.SessionId;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import dev.parley.quota.SessionPermits.Answer;
import dev.parley.quota.SessionRequest;
import dev.parley.tenancy.BudgetPeriod;
import dev.parley.tenancy.Tenant;
import dev.parley.tenancy.TenantStatus;
import dev.parley.tenancy.TestTenants;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ClusterPermitsTest {
    private static final TenantId ACME = new TenantId("acme");

    private final Vertx vertx = Vertx.vertx();
    private final FakePermitStore store = new FakePermitStore();
    private final FakeNode node = new FakeNode();
    private final ManualTicker ticker = new ManualTicker(Instant.parse("2026-11-21T10:00:00Z"));
    private final Queue<SessionId> lost = new ConcurrentLinkedQueue<>();
    private final ClusterPermits permits = new ClusterPermits(vertx, store, node, ticker, lost::add);

    @AfterEach
    void close() {
        permits.close();
        Eventually.result(vertx.close());
    }

    @Test
    void takesAndGivesBackOnce() {
        SessionRequest request = request(1);
        assertThat(take(request)).isInstanceOf(Answer.Taken.class);
        assertThat(take(request(1))).isEqualTo(new Answer.TenantFull(1));
        assertThat(permits.held()).isEqualTo(1);

        permits.giveBack(request.session());
        permits.giveBack(request.session());

        awaitOpen(0);
        assertThat(permits.held()).isZero();
        assertThat(take(request(1))).isInstanceOf(Answer.Taken.class);
    }

    @Test
    void aStormMakesFewTransactions() {
        store.freeze();
        List<Future<Answer>> storm = Stream.generate(() -> permits.take(request(10_000)))
                .limit(5_000)
                .toList();
        store.thaw();

        storm.forEach(answer -> assertThat(Eventually.result(answer)).isInstanceOf(Answer.Taken.class));
        assertThat(permits.held()).isEqualTo(5_000);
        assertThat(store.rounds()).isLessThanOrEqualTo(1 + 5_000 / ClusterPermits.ROUND_MAX + 1);
    }

    @Test
    void refusesWhileTheCountIsAwayAndGivesBackWhenItIsThereAgain() {
        SessionRequest request = request(5);
        take(request);
        store.away = true;

        assertThat(take(request(5))).isInstanceOf(Answer.Away.class);
        permits.giveBack(request.session());
        Eventually.holds("it waits to be given back", () -> permits.returning() > 0);
        store.away = false;

        awaitOpen(0);
        Eventually.holds("all are given back", () -> permits.returning() == 0);
    }

    @Test
    void whatWasTakenInARoundWhoseAnswerWasLostGoesBack() {
        store.losesAnswers = true;
        assertThat(take(request(5))).isInstanceOf(Answer.Away.class);
        store.losesAnswers = false;

        awaitOpen(0);
        assertThat(permits.held()).isZero();
    }

    @Test
    void aTakeThatWasGivenUpGoesBack() {
        store.freeze();
        assertThat(take(request(5))).as("after its patience").isInstanceOf(Answer.Away.class);
        store.thaw();

        Eventually.holds("the round is done", () -> store.rounds() > 0);
        awaitOpen(0);
        Eventually.holds("nothing waits", () -> permits.returning() == 0 && permits.held() == 0);
    }

    @Test
    void asksNobodyWhileTheNodeMayNotAdmit() {
        node.admitting = false;

        assertThat(take(request(5))).isInstanceOf(Answer.Away.class);
        assertThat(store.rounds()).isZero();
    }

    @Test
    void aFencedRoundTakesNothing() {
        store.fencing = true;

        assertThat(take(request(5))).isInstanceOf(Answer.Away.class);
        assertThat(permits.held()).isZero();
    }

    @Test
    void sessionsOfAnEarlierEpochAreEndedAndNotGivenBackInTheNext() {
        SessionRequest request = request(5);
        take(request);
        node.epoch = 2;

        ticker.advance(Duration.ofSeconds(2));
        Eventually.holds("the session is ended", () -> lost.contains(request.session()));
        permits.giveBack(request.session());

        Eventually.holds("nothing waits", () -> permits.returning() == 0);
        assertThat(store.open()).as("the store's own business").isEqualTo(1);
    }

    @Test
    void sweepsWhatNobodyHereKnowsOf() {
        SessionRequest request = request(5);
        take(request);
        store.add(new Take(SessionId.random(), ACME, new SubjectId("kim"), null, 5, null));

        ticker.advance(ClusterPermits.SWEEP_EVERY.plusSeconds(1));

        awaitOpen(1);
        assertThat(permits.swept()).isEqualTo(1);
        assertThat(permits.held()).isEqualTo(1);
    }

    @Test
    void givesBackWhatWaitsWhenItIsClosed() {
        SessionRequest request = request(5);
        take(request);
        permits.giveBack(request.session());

        permits.close();

        assertThat(store.open()).isZero();
        assertThat(take(request(5))).isInstanceOf(Answer.Away.class);
    }

    private Answer take(SessionRequest request) {
        return Eventually.result(permits.take(request));
    }

    private void awaitOpen(int sessions) {
        Eventually.holds(sessions + " sessions count", () -> store.open() == sessions);
    }

    private static SessionRequest request(int sessionsMax) {
        Tenant tenant = TestTenants.of(
                ACME,
                "Acme",
                TenantStatus.ACTIVE,
                Set.of(),
                sessionsMax,
                NanoUsd.ofUsd("1"),
                BudgetPeriod.DAY,
                4_096,
                Duration.ofHours(1),
                false,
                Instant.EPOCH);
        return new SessionRequest(SessionId.random(), tenant, new SubjectId("kim"), null);
    }
}
