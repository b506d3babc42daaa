package dev.parley.quota;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.concurrent.Blocking;
import dev.parley.concurrent.Eventually;
import dev.parley.concurrent.ManualTicker;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.SessionId;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import dev.parley.quota.Admission.SessionDecision;
import dev.parley.quota.SessionPermit.ReserveDecision;
import dev.parley.quota.SessionPermit.WorstCase;
import dev.parley.tenancy.BudgetPeriod;
import dev.parley.tenancy.Tenant;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Invariants 1 and 5 of the design for one process: never over the limit, and everything back to zero. */
class AdmissionStormTest {
    private static final long SEED = 77_003;
    private static final int THREADS = 16;
    private static final TenantId ACME = new TenantId("acme");

    private final Vertx vertx = Vertx.vertx();
    private final Blocking blocking = new Blocking(vertx, 4, 1_000, Duration.ofSeconds(10));
    private final ManualTicker ticker = new ManualTicker(Instant.parse("2026-11-21T10:30:00Z"));
    private final FakeSpending spending = new FakeSpending();

    @AfterEach
    void close() {
        blocking.close();
        Eventually.result(vertx.close());
    }

    @Test
    void fiftyDimesAreAdmittedToFiveDollarsWhateverTheRace() throws Exception {
        Tenant tenant = LocalAdmissionTest.tenant(1_000, "5.00", BudgetPeriod.TOTAL);
        LocalAdmission admission = admission(tenant);
        NanoUsd dime = NanoUsd.ofUsd("0.10");
        AtomicInteger admitted = new AtomicInteger();

        storm(1_000 / THREADS, (_, _) -> {
            SessionPermit permit = open(admission, tenant).orElse(null);
            if (permit == null) {
                return;
            }
            if (permit.reserve(WorstCase.ofFixed(dime)).result() instanceof ReserveDecision.Reserved reserved) {
                admitted.incrementAndGet();
                reserved.reservation().settle(dime);
            }
            permit.release();
        });

        assertThat(admitted).hasValue(50);
        assertThat(admission.usage(ACME)).contains(new LocalAdmission.Usage(0, NanoUsd.ofUsd("5.00"), NanoUsd.ZERO));
    }

    @Test
    void randomSessionsEndWithExactCountsAndNeverOverTheLimit() throws Exception {
        Tenant tenant = LocalAdmissionTest.tenant(10, "2.00", BudgetPeriod.DAY);
        LocalAdmission admission = admission(tenant);
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger insideMost = new AtomicInteger();
        AtomicLong spent = new AtomicLong();
        AtomicInteger reservations = new AtomicInteger();

        storm(2_000, (random, _) -> {
            SessionPermit permit = open(admission, tenant).orElse(null);
            if (permit == null) {
                return;
            }
            insideMost.accumulateAndGet(inside.incrementAndGet(), Math::max);
            for (int number = random.nextInt(4); number > 0; number--) {
                spent.addAndGet(respond(permit, random, reservations));
            }
            assertThat(free(admission)).isNotNegative();
            inside.decrementAndGet();
            permit.release();
            permit.release();
        });

        assertThat(insideMost.get()).as("seed " + SEED).isBetween(1, 10);
        assertThat(reservations.get()).isGreaterThan(1_000);
        assertThat(spent.get()).isLessThanOrEqualTo(tenant.budget().value());
        assertThat(admission.usage(ACME)).contains(new LocalAdmission.Usage(0, new NanoUsd(spent.get()), NanoUsd.ZERO));
    }

    /** One response, ended in one of the possible ways, sometimes twice. What it cost. */
    private static long respond(SessionPermit permit, Random random, AtomicInteger reservations) {
        WorstCase worstCase = new WorstCase(
                new NanoUsd(random.nextInt(100_000)), new NanoUsd(random.nextInt(1, 100)), random.nextInt(4_096), 16);
        if (!(permit.reserve(worstCase).result() instanceof ReserveDecision.Reserved reserved)) {
            return 0;
        }
        Reservation reservation = reserved.reservation();
        reservations.incrementAndGet();
        if (random.nextBoolean()) {
            reservation.extend(new NanoUsd(random.nextInt(10_000)));
        }
        if (random.nextInt(5) == 0) {
            reservation.release();
            reservation.settle(NanoUsd.ofUsd("1"));
            return 0;
        }
        NanoUsd cost = new NanoUsd(random.nextLong(reservation.amount().value() + 1));
        reservation.settle(cost);
        reservation.release();
        return cost.value();
    }

    private static long free(LocalAdmission admission) {
        LocalAdmission.Usage usage = admission.usage(ACME).orElseThrow();
        return NanoUsd.ofUsd("2.00")
                .minus(usage.spent())
                .minus(usage.reserved())
                .value();
    }

    private LocalAdmission admission(Tenant tenant) {
        return new LocalAdmission(
                vertx, blocking, _ -> Future.succeededFuture(Optional.of(tenant)), spending, () -> true, ticker);
    }

    private static Optional<SessionPermit> open(LocalAdmission admission, Tenant tenant) {
        SessionDecision decision = Eventually.result(
                admission.openSession(new SessionRequest(SessionId.random(), tenant, new SubjectId("alice"), null)));
        return decision instanceof SessionDecision.Admitted(SessionPermit permit)
                ? Optional.of(permit)
                : Optional.empty();
    }

    private static void storm(int roundsPerThread, Round round)
            throws InterruptedException, ExecutionException, TimeoutException {
        try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
            List<java.util.concurrent.Future<?>> running = new ArrayList<>();
            for (int thread = 0; thread < THREADS; thread++) {
                Random random = new Random(SEED + thread);
                int own = thread;
                int extra = thread == 0 ? 1_000 % THREADS : 0;
                running.add(threads.submit(() -> {
                    for (int number = 0; number < roundsPerThread + extra; number++) {
                        round.run(random, own);
                    }
                }));
            }
            for (java.util.concurrent.Future<?> thread : running) {
                thread.get(60, TimeUnit.SECONDS);
            }
        }
    }

    private interface Round {
        void run(Random random, int thread);
    }
}
