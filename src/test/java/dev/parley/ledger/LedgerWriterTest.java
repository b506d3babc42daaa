package dev.parley.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.concurrent.Eventually;
import dev.parley.concurrent.ManualTicker;
import dev.parley.concurrent.Ticker;
import dev.parley.domain.Refusal;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LedgerWriterTest {
    private static final int PLACES = 2_000;
    private final Vertx vertx = Vertx.vertx();
    private final FakeLedgerStore store = new FakeLedgerStore();
    private final LedgerWriter writer = new LedgerWriter(vertx, store, PLACES, Ticker.SYSTEM);

    @AfterEach
    void close() {
        store.letGo();
        writer.close();
        Eventually.result(vertx.close());
    }

    @Test
    void tellsOfACommitOnTheCallersContext() {
        Context context = vertx.getOrCreateContext();
        Promise<Context> told = Promise.promise();
        context.runOnContext(_ -> commit("resp_1").onComplete(_ -> told.complete(Vertx.currentContext())));

        assertThat(Eventually.result(told.future())).isSameAs(context);
        assertThat(store.rows).hasSize(1);
        assertThat(writer.placesTaken()).isZero();
        assertThat(writer.waiting()).isZero();
    }

    @Test
    void gathersWhatArrivesDuringACommitIntoTheNextGroup() {
        store.hold();
        Future<Void> first = commit("first");
        Eventually.holds(
                "the first group is being written", () -> writer.waiting() == 1 && writer.oldestWaitMillis() >= 0);
        List<Future<Void>> rest = IntStream.range(0, 700)
                .mapToObj(number -> commit("resp_" + number))
                .toList();
        store.letGo();

        Eventually.result(first);
        Eventually.result(Future.all(rest));

        assertThat(store.rows).hasSize(701);
        assertThat(store.groups()).allMatch(size -> size <= LedgerWriter.GROUP_MAX);
        assertThat(writer.groups()).isEqualTo(store.groups().size()).isLessThanOrEqualTo(4);
        assertThat(writer.rows()).isEqualTo(701);
    }

    @Test
    void keepsEntriesWhileTheStoreIsAwayAndWritesThemAfterwards() {
        store.away(true);
        List<Future<Void>> commits = IntStream.range(0, 50)
                .mapToObj(number -> commit("resp_" + number))
                .toList();
        Eventually.holds("the writer knows that the store is away", () -> !writer.healthy());
        assertThat(commits).noneMatch(Future::isComplete);
        assertThat(writer.waiting()).isEqualTo(50);

        store.away(false);

        Eventually.result(Future.all(commits));
        assertThat(store.rows).hasSize(50);
        assertThat(writer.healthy()).isTrue();
        assertThat(writer.failures()).isPositive();
    }

    @Test
    void writesTheSameEntriesAgainWhenACommitWasNotHeardOf() {
        store.loseNextAnswer();

        Eventually.result(commit("resp_1"));

        assertThat(store.rows).hasSize(1);
        assertThat(writer.rows()).isEqualTo(1);
        assertThat(writer.failures()).isEqualTo(1);
    }

    @Test
    void anEntryThatCanNeverBeWrittenFailsAlone() {
        store.refuse(entry -> entry.reference().equals("poison"));
        store.breakOn(entry -> entry.reference().equals("bug"));
        store.hold();
        List<Future<Void>> good = new ArrayList<>();
        Future<Void> poison = Future.failedFuture("not yet");
        Future<Void> bug = Future.failedFuture("not yet");
        for (int number = 0; number < 100; number++) {
            good.add(commit("resp_" + number));
            if (number == 37) {
                poison = commit("poison");
            }
            if (number == 80) {
                bug = commit("bug");
            }
        }
        store.letGo();

        Eventually.result(Future.all(good));
        assertThat(Eventually.failure(poison)).isInstanceOf(LedgerException.class);
        assertThat(Eventually.failure(bug)).isInstanceOf(LedgerException.class);
        assertThat(store.rows).hasSize(100);
        assertThat(writer.rejected()).isEqualTo(2);
        assertThat(writer.placesTaken()).isZero();
        assertThat(writer.healthy()).isTrue();
    }

    @Test
    void handsOutNoMorePlacesThanItHas() {
        List<Ledger.Place> places = new ArrayList<>();
        for (int number = 0; number < PLACES; number++) {
            places.add(writer.claim().orElseThrow());
        }
        assertThat(writer.claim()).isEmpty();
        assertThat(writer.full().kind()).isEqualTo(Refusal.Kind.OVERLOADED);
        assertThat(writer.full().message()).contains("2000");

        places.getFirst().giveBack();
        places.getFirst().giveBack();

        assertThat(writer.claim()).isPresent();
        assertThat(writer.claim()).isEmpty();
    }

    @Test
    void knowsSinceWhenAllOpenWorkWasClaimed() {
        ManualTicker clock = new ManualTicker(Instant.EPOCH);
        try (LedgerWriter timed = new LedgerWriter(vertx, store, PLACES, clock)) {
            clock.advance(Duration.ofNanos(5));
            Ledger.Place first = timed.claim().orElseThrow();
            clock.advance(Duration.ofNanos(5));
            Ledger.Place second = timed.claim().orElseThrow();
            clock.advance(Duration.ofNanos(5));

            assertThat(timed.claimedSinceNanos()).isEqualTo(5);
            Eventually.result(first.commit(UsageEntries.response("acme", "resp_1")));
            assertThat(timed.claimedSinceNanos()).isEqualTo(10);
            second.giveBack();
            assertThat(timed.claimedSinceNanos()).isEqualTo(15);
        }
    }

    @Test
    void aPlaceIsGoodForOneEntry() {
        Ledger.Place place = writer.claim().orElseThrow();
        Eventually.result(place.commit(UsageEntries.response("acme", "resp_1")));

        assertThat(Eventually.failure(place.commit(UsageEntries.response("acme", "resp_2"))))
                .isInstanceOf(LedgerException.class);
        place.giveBack();
        assertThat(writer.placesTaken()).isZero();
        assertThat(store.rows).hasSize(1);
    }

    @Test
    void anIdleWriterNoticesThatTheStoreIsGone() {
        store.away(true);
        Eventually.holds("idle and unhealthy", () -> !writer.healthy());
        store.away(false);
        Eventually.holds("healthy again", writer::healthy);
    }

    @Test
    void aCommitThatHangsCountsAsUnhealthy() {
        ManualTicker ticker = new ManualTicker(Instant.parse("2026-11-21T00:00:00Z"));
        LedgerWriter slow = new LedgerWriter(vertx, store, 10, ticker);
        store.hold();
        Future<Void> commit = slow.claim().orElseThrow().commit(UsageEntries.response("acme", "resp_1"));
        Eventually.holds("the group is being written", () -> slow.waiting() == 1);

        assertThat(slow.healthy()).isTrue();
        Eventually.holds("seen as hanging", () -> {
            ticker.advance(LedgerWriter.SLOW);
            return !slow.healthy();
        });
        assertThat(slow.oldestWaitMillis()).isGreaterThanOrEqualTo(LedgerWriter.SLOW.toMillis());

        store.letGo();
        Eventually.result(commit);
        Eventually.holds("nothing waits", () -> slow.oldestWaitMillis() == 0);
        slow.close();
    }

    @Test
    void drainWritesWhatWaitsAndTakesNothingNew() {
        store.hold();
        List<Future<Void>> commits = IntStream.range(0, 600)
                .mapToObj(number -> commit("resp_" + number))
                .toList();
        store.letGo();

        assertThat(writer.drain(Duration.ofSeconds(20))).isZero();

        Eventually.result(Future.all(commits));
        assertThat(writer.claim()).isEmpty();
        assertThat(store.rows).hasSize(600);
    }

    @Test
    void drainGivesUpAtItsDeadlineAndSaysHowManyWereNotWritten() {
        store.away(true);
        Future<Void> first = commit("resp_1");
        Future<Void> second = commit("resp_2");

        assertThat(writer.drain(Duration.ofMillis(200))).isEqualTo(2);

        assertThat(Eventually.failure(first)).isInstanceOf(LedgerException.class);
        assertThat(Eventually.failure(second)).isInstanceOf(LedgerException.class);
    }

    @Test
    void everyCommitThatWasToldIsInTheStoreUnderRandomFaults() {
        long seed = 20261121L;
        Random random = new Random(seed);
        List<Future<Void>> commits = new ArrayList<>();
        for (int number = 0; number < 1_000; number++) {
            switch (random.nextInt(20)) {
                case 0 -> store.loseNextAnswer();
                case 1 -> store.away(true);
                default -> store.away(false);
            }
            commits.add(commit("resp_" + number));
        }
        store.away(false);

        Eventually.result(Future.all(commits));
        assertThat(store.rows).as("seed " + seed).hasSize(1_000);
        assertThat(writer.placesTaken()).isZero();
    }

    private Future<Void> commit(String reference) {
        return writer.claim().orElseThrow().commit(UsageEntries.response("acme", reference));
    }
}
