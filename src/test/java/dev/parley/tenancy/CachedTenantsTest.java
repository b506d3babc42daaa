package dev.parley.tenancy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.concurrent.Blocking;
import dev.parley.concurrent.Eventually;
import dev.parley.concurrent.ManualTicker;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.TenantId;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CachedTenantsTest {
    private static final TenantId ACME = new TenantId("acme");
    private final Vertx vertx = Vertx.vertx();
    private final Blocking blocking = new Blocking(vertx, 4, 1_000, Duration.ofSeconds(10));
    private final ManualTicker ticker = new ManualTicker(Instant.parse("2026-11-21T00:00:00Z"));
    private final FakeTenantStore store = new FakeTenantStore();
    private final CachedTenants tenants = new CachedTenants(vertx, blocking, store, ticker);

    @AfterEach
    void close() {
        blocking.close();
        Eventually.result(vertx.close());
    }

    @Test
    void asksTheStoreOnceForManyAtTheSameTime() {
        store.hold();
        List<Future<Optional<Tenant>>> answers = new ArrayList<>();
        for (int number = 0; number < 100; number++) {
            answers.add(tenants.find(ACME));
        }
        store.letGo();

        assertThat(answers)
                .allSatisfy(answer -> assertThat(Eventually.result(answer)).contains(tenant(10)));
        assertThat(store.reads.get()).isEqualTo(1);
    }

    @Test
    void eachCallerHearsOnItsOwnContext() {
        store.hold();
        List<Promise<Boolean>> told = new ArrayList<>();
        for (int number = 0; number < 4; number++) {
            Context context = vertx.getOrCreateContext();
            Promise<Boolean> own = Promise.promise();
            told.add(own);
            context.runOnContext(
                    _ -> tenants.find(ACME).onComplete(_ -> own.complete(context.equals(Vertx.currentContext()))));
        }
        store.letGo();

        assertThat(told)
                .allSatisfy(own -> assertThat(Eventually.result(own.future())).isTrue());
    }

    @Test
    void aFreshAnswerIsThereAtOnceWithoutTheStore() {
        Eventually.result(tenants.find(ACME));

        Future<Optional<Tenant>> again = tenants.find(ACME);

        assertThat(again.isComplete()).isTrue();
        assertThat(store.reads.get()).isEqualTo(1);
    }

    @Test
    void anAgeingAnswerIsGivenAtOnceAndRenewedBehind() {
        Eventually.result(tenants.find(ACME));
        store.limit = 3;
        ticker.advance(CachedTenants.FRESH);

        assertThat(tenants.find(ACME).result()).contains(tenant(10));

        Eventually.holds(
                "the new limit is known",
                () -> tenants.find(ACME).result().map(Tenant::sessionsMax).equals(Optional.of(3)));
        assertThat(store.reads.get()).isEqualTo(2);
    }

    @Test
    void noAnswerIsOlderThanPromised() {
        Eventually.result(tenants.find(ACME));
        store.limit = 3;
        ticker.advance(Duration.ofSeconds(TenantDirectory.STALENESS_SECONDS_MAX));

        assertThat(Eventually.result(tenants.find(ACME))).contains(tenant(3));
    }

    @Test
    void theLastKnownAnswerStandsWhileTheStoreIsAway() {
        Eventually.result(tenants.find(ACME));
        store.away = true;
        ticker.advance(Duration.ofMinutes(10));

        assertThat(Eventually.result(tenants.find(ACME))).contains(tenant(10));
        ticker.advance(Duration.ofMillis(100));
        Future<Optional<Tenant>> meanwhile = tenants.find(ACME);
        assertThat(meanwhile.isComplete())
                .as("nobody waits for a store that is away")
                .isTrue();

        store.away = false;
        store.limit = 3;
        ticker.advance(CachedTenants.RETRY);
        Eventually.holds("read again", () -> {
            ticker.advance(CachedTenants.RETRY);
            return Eventually.result(tenants.find(ACME)).equals(Optional.of(tenant(3)));
        });
    }

    @Test
    void theLastKnownAnswerStandsWhileTheStoreDoesNotAnswer() {
        Eventually.result(tenants.find(ACME));
        store.hold();
        ticker.advance(Duration.ofMinutes(10));

        assertThat(Eventually.result(tenants.find(ACME))).contains(tenant(10));
        assertThat(tenants.find(ACME).isComplete())
                .as("the next one does not wait")
                .isTrue();
        store.letGo();
    }

    @Test
    void aNameNeverHeardOfFailsWhileTheStoreIsAway() {
        store.away = true;

        assertThat(Eventually.failure(tenants.find(ACME))).hasMessageContaining("away");
    }

    @Test
    void remembersThatThereIsNoSuchTenant() {
        TenantId nobody = new TenantId("nobody");

        assertThat(Eventually.result(tenants.find(nobody))).isEmpty();
        assertThat(Eventually.result(tenants.find(nobody))).isEmpty();
        assertThat(store.reads.get()).isEqualTo(1);
    }

    @Test
    void manyUnknownNamesDoNotFillTheMemory() {
        for (int number = 0; number < CachedTenants.ENTRIES_MAX + 500; number++) {
            Eventually.result(tenants.find(new TenantId("nobody-" + number)));
        }
        assertThat(tenants.size()).isLessThanOrEqualTo(CachedTenants.ENTRIES_MAX);
        assertThat(Eventually.result(tenants.find(ACME))).contains(tenant(10));
    }

    @Test
    void anAnswerStandsForAsLongAsTheChangesAreFollowed() {
        Eventually.result(tenants.find(ACME));
        store.limit = 20;

        for (int minute = 0; minute < 60; minute++) {
            ticker.advance(Duration.ofMinutes(1));
            tenants.followed(ticker.nanos());
            assertThat(Eventually.result(tenants.find(ACME))).contains(tenant(10));
        }
        assertThat(store.reads.get()).isEqualTo(1);

        assertThat(tenants.renew(ACME)).isTrue();
        assertThat(Eventually.result(tenants.find(ACME))).contains(tenant(20));
    }

    @Test
    void aChangeOfATenantThatNobodyAskedForIsNotRead() {
        assertThat(tenants.renew(ACME)).isFalse();
        assertThat(store.reads.get()).isZero();
    }

    @Test
    void aReadThatBeganBeforeAChangeDoesNotUndoIt() {
        Eventually.result(tenants.find(ACME));
        ticker.advance(CachedTenants.FRESH);
        store.holdNext();
        Eventually.result(tenants.find(ACME)); // renews in the background, with the old limit in its hands
        Eventually.holds("the read has begun", () -> store.reads.get() == 2);

        store.limit = 20;
        tenants.renew(ACME);
        tenants.followed(ticker.nanos());
        store.letGo();

        Eventually.holds("both reads are done", () -> tenants.reading() == 0);
        assertThat(Eventually.result(tenants.find(ACME))).contains(tenant(20));
    }

    private static Tenant tenant(int sessionsMax) {
        return TestTenants.of(
                ACME,
                "Acme",
                TenantStatus.ACTIVE,
                Set.of(),
                sessionsMax,
                NanoUsd.ofUsd("5"),
                BudgetPeriod.DAY,
                4096,
                Duration.ofMinutes(55),
                false,
                Instant.EPOCH);
    }

    /** One tenant, whose limit a test can change; can be held and taken away. */
    private static final class FakeTenantStore implements TenantStore {
        final AtomicInteger reads = new AtomicInteger();
        volatile boolean away;
        volatile int limit = 10;
        private volatile CountDownLatch gate = new CountDownLatch(0);
        private volatile CountDownLatch held = new CountDownLatch(0);
        private volatile boolean onlyNext;

        @Override
        public Optional<Tenant> find(TenantId id) {
            reads.incrementAndGet();
            int limitNow = limit;
            CountDownLatch door = gate;
            if (onlyNext) {
                gate = new CountDownLatch(0);
                onlyNext = false;
                held = door;
            }
            try {
                door.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            if (away) {
                throw new IllegalStateException("the store is away");
            }
            return id.equals(ACME) ? Optional.of(tenant(limitNow)) : Optional.empty();
        }

        @Override
        public Changes changedSince(@Nullable Mark mark) {
            throw new UnsupportedOperationException("the cache does not look for changes itself");
        }

        void hold() {
            gate = new CountDownLatch(1);
        }

        /** As {@link #hold}, for one read. */
        void holdNext() {
            onlyNext = true;
            hold();
        }

        void letGo() {
            held.countDown();
            gate.countDown();
        }
    }
}
