package dev.parley.quota;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.concurrent.Blocking;
import dev.parley.concurrent.Eventually;
import dev.parley.concurrent.ManualTicker;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.Refusal;
import dev.parley.domain.SessionId;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import dev.parley.quota.Admission.SessionDecision;
import dev.parley.quota.SessionPermit.ReserveDecision;
import dev.parley.quota.SessionPermit.WorstCase;
import dev.parley.tenancy.BudgetPeriod;
import dev.parley.tenancy.Tenant;
import dev.parley.tenancy.TenantStatus;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LocalAdmissionTest {
    private static final TenantId ACME = new TenantId("acme");
    private static final NanoUsd CENT = NanoUsd.ofUsd("0.01");
    private static final NanoUsd DOLLAR = NanoUsd.ofUsd("1");

    private final Vertx vertx = Vertx.vertx();
    private final Blocking blocking = new Blocking(vertx, 4, 1_000, Duration.ofSeconds(10));
    private final ManualTicker ticker = new ManualTicker(Instant.parse("2026-11-21T10:30:00Z"));
    private final FakeSpending spending = new FakeSpending();
    private final AtomicBoolean ledgerHealthy = new AtomicBoolean(true);
    private volatile Tenant current = tenant(2, "1.00", BudgetPeriod.DAY);
    private final LocalAdmission admission = new LocalAdmission(
            vertx, blocking, _ -> Future.succeededFuture(Optional.of(current)), spending, ledgerHealthy::get, ticker);

    @AfterEach
    void close() {
        blocking.close();
        Eventually.result(vertx.close());
    }

    @Test
    void refusesTheThirdSessionWhenTwoAreAllowed() {
        SessionPermit first = open();
        open();

        Refusal refusal = refusedSession();
        assertThat(refusal.kind()).isEqualTo(Refusal.Kind.RATE_LIMITED);
        assertThat(refusal.code()).isEqualTo("session_limit_reached");
        assertThat(refusal.message()).contains("acme").contains("2 sessions");
        assertThat(refusal.retryAfter()).isPositive();

        first.release();
        first.release();
        open();
        assertThat(refusedSession().kind()).isEqualTo(Refusal.Kind.RATE_LIMITED);
    }

    @Test
    void reservesTheWorstCaseAndSettlesTheActualCost() {
        SessionPermit permit = open();

        Reservation reservation =
                reserved(permit, worstCase("0.10", 4_000, 100)).reservation();

        assertThat(reservation.amount()).isEqualTo(NanoUsd.ofUsd("0.14"));
        assertThat(reservation.period()).isEqualTo(202611);
        assertThat(usage()).isEqualTo(usage(1, "0.00", "0.14"));
        reservation.settle(CENT);
        reservation.settle(DOLLAR);
        reservation.release();
        assertThat(usage()).isEqualTo(usage(1, "0.01", "0.00"));
    }

    @Test
    void releaseGivesEverythingBack() {
        SessionPermit permit = open();
        Reservation reservation = reserved(permit, worstCase("0.10", 0, 0)).reservation();

        reservation.release();
        reservation.settle(DOLLAR);

        assertThat(usage()).isEqualTo(usage(1, "0.00", "0.00"));
    }

    @Test
    void lowersTheOutputToWhatIsLeftButNotUnderTheFloor() {
        spending.set(BudgetPeriod.DAY, NanoUsd.ofUsd("0.90"));
        SessionPermit permit = open();

        ReserveDecision.Reserved lowered = reserved(permit, worstCase("0.06", 50_000, 500));
        assertThat(lowered.outputTokensMax()).isEqualTo(4_000);
        assertThat(lowered.reservation().amount()).isEqualTo(NanoUsd.ofUsd("0.10"));

        lowered.reservation().settle(NanoUsd.ofUsd("0.035"));
        assertThat(reserved(permit, worstCase("0.06", 50_000, 500)).outputTokensMax())
                .isEqualTo(500);
        assertThat(refusedReservation(permit, worstCase("0.00", 1, 1)).code()).isEqualTo("budget_exhausted");
    }

    @Test
    void refusesWhenNotEvenTheFloorFits() {
        spending.set(BudgetPeriod.DAY, NanoUsd.ofUsd("0.9351"));
        SessionPermit permit = open();

        Refusal refusal = refusedReservation(permit, worstCase("0.06", 50_000, 500));

        assertThat(refusal.kind()).isEqualTo(Refusal.Kind.BUDGET_EXHAUSTED);
        assertThat(refusal.code()).isEqualTo("budget_exhausted");
        assertThat(refusal.message())
                .contains("$1.00 each day")
                .contains("$0.9351 spent")
                .contains("renews at 2026-11-22T00:00:00Z");
        assertThat(refusal.retryAfter()).isEqualTo(Duration.ofMinutes(13 * 60 + 30));
        assertThat(usage()).isEqualTo(usage(1, "0.9351", "0.00"));
    }

    @Test
    void aSmallRequestIsNotHeldToTheFloor() {
        spending.set(BudgetPeriod.DAY, NanoUsd.ofUsd("0.9998"));
        SessionPermit permit = open();

        assertThat(reserved(permit, worstCase("0", 10, 500)).outputTokensMax()).isEqualTo(10);
        assertThat(reserved(permit, WorstCase.ofFixed(NanoUsd.ofUsd("0.0001"))).outputTokensMax())
                .isZero();
        assertThat(refusedReservation(permit, WorstCase.ofFixed(new NanoUsd(1))).code())
                .isEqualTo("budget_exhausted");
    }

    @Test
    void aCostAboveItsReservationIsCountedInFull() {
        SessionPermit permit = open();
        Reservation reservation = reserved(permit, WorstCase.ofFixed(DOLLAR)).reservation();

        reservation.settle(NanoUsd.ofUsd("1.25"));

        assertThat(usage()).isEqualTo(usage(1, "1.25", "0.00"));
        assertThat(refusedReservation(permit, WorstCase.ofFixed(NanoUsd.ZERO)).code())
                .isEqualTo("budget_exhausted");
        permit.release();
        assertThat(refusedSession().kind()).isEqualTo(Refusal.Kind.BUDGET_EXHAUSTED);
    }

    @Test
    void extendsWithinTheBudgetOnly() {
        SessionPermit permit = open();
        Reservation reservation =
                reserved(permit, WorstCase.ofFixed(NanoUsd.ofUsd("0.60"))).reservation();

        assertThat(reservation.extend(NanoUsd.ofUsd("0.40"))).isTrue();
        assertThat(reservation.extend(new NanoUsd(1))).isFalse();
        assertThat(reservation.amount()).isEqualTo(DOLLAR);
        reservation.release();
        assertThat(reservation.extend(CENT)).isFalse();
        assertThat(usage()).isEqualTo(usage(1, "0.00", "0.00"));
    }

    @Test
    void startsFromWhatTheLedgerSays() {
        spending.set(BudgetPeriod.DAY, DOLLAR);

        Refusal refusal = refusedSession();

        assertThat(refusal.kind()).isEqualTo(Refusal.Kind.BUDGET_EXHAUSTED);
        assertThat(usage()).isEqualTo(usage(0, "1.00", "0.00"));
    }

    @Test
    void asksTheLedgerOnceForAWindow() {
        SessionPermit permit = open();
        open();
        for (int number = 0; number < 20; number++) {
            Future<ReserveDecision> decision = permit.reserve(WorstCase.ofFixed(CENT));
            assertThat(decision.isComplete()).as("the hot path asks nobody").isTrue();
        }
        assertThat(spending.reads()).isEqualTo(1);
    }

    @Test
    void startsNoSessionWhileTheLedgerIsIll() {
        ledgerHealthy.set(false);

        Refusal refusal = refusedSession();

        assertThat(refusal.kind()).isEqualTo(Refusal.Kind.OVERLOADED);
        assertThat(refusal.retryAfter()).isPositive();
        assertThat(spending.reads()).isZero();
        ledgerHealthy.set(true);
        open();
    }

    @Test
    void startsNoSessionUntilTheSpendingIsKnown() {
        spending.away(true);

        assertThat(refusedSession().kind()).isEqualTo(Refusal.Kind.OVERLOADED);
        assertThat(admission.usage(ACME).orElseThrow().sessions()).isZero();
        spending.away(false);
        open();
    }

    @Test
    void aShortOutageDuringTheFirstReadIsRetried() {
        spending.failNext(3);

        open();

        assertThat(spending.reads()).isEqualTo(4);
    }

    @Test
    void aNewDayHasANewBudgetAndOldReservationsStayInTheirs() {
        SessionPermit permit = open();
        Reservation lateInTheDay = reserved(permit, WorstCase.ofFixed(DOLLAR)).reservation();
        assertThat(refusedReservation(permit, WorstCase.ofFixed(CENT)).code()).isEqualTo("budget_exhausted");

        ticker.advance(Duration.ofHours(14));
        spending.set(BudgetPeriod.DAY, NanoUsd.ofUsd("0.25"));
        Reservation today =
                reserved(permit, WorstCase.ofFixed(NanoUsd.ofUsd("0.75"))).reservation();

        lateInTheDay.settle(DOLLAR);
        assertThat(usage()).isEqualTo(usage(1, "0.25", "0.75"));
        today.settle(CENT);
        assertThat(usage()).isEqualTo(usage(1, "0.26", "0.00"));
    }

    @Test
    void theLedgersPeriodIsTheMonthOfTheReservation() {
        ticker.step(Instant.parse("2026-12-31T23:59:59.999Z"));
        SessionPermit permit = open();
        Reservation old = reserved(permit, WorstCase.ofFixed(CENT)).reservation();
        ticker.advance(Duration.ofSeconds(1));

        assertThat(old.period()).isEqualTo(202612);
        assertThat(reserved(permit, WorstCase.ofFixed(CENT)).reservation().period())
                .isEqualTo(202701);
    }

    @Test
    void aClockThatStepsBackDoesNotBringTheOldDayBack() {
        SessionPermit permit = open();
        ticker.advance(Duration.ofHours(14));
        reserved(permit, WorstCase.ofFixed(DOLLAR));
        ticker.step(Instant.parse("2026-11-21T23:00:00Z"));

        assertThat(refusedReservation(permit, WorstCase.ofFixed(CENT)).code()).isEqualTo("budget_exhausted");
    }

    @Test
    void changedLimitsActOnLiveSessions() {
        SessionPermit permit = open();
        reserved(permit, WorstCase.ofFixed(DOLLAR));
        assertThat(refusedReservation(permit, WorstCase.ofFixed(CENT)).code()).isEqualTo("budget_exhausted");

        current = tenant(2, "1.50", BudgetPeriod.DAY);
        Reservation raised =
                reserved(permit, WorstCase.ofFixed(NanoUsd.ofUsd("0.50"))).reservation();
        raised.release();
        current = tenant(2, "0.50", BudgetPeriod.DAY);

        assertThat(refusedReservation(permit, WorstCase.ofFixed(CENT)).message())
                .contains("$0.50 each day");
    }

    @Test
    void aChangedPeriodCarriesOverWhatIsStillReserved() {
        SessionPermit permit = open();
        Reservation open =
                reserved(permit, WorstCase.ofFixed(NanoUsd.ofUsd("0.60"))).reservation();
        spending.set(BudgetPeriod.TOTAL, NanoUsd.ofUsd("0.30"));
        current = tenant(2, "1.00", BudgetPeriod.TOTAL);

        assertThat(refusedReservation(permit, WorstCase.ofFixed(NanoUsd.ofUsd("0.11")))
                        .message())
                .contains("in total")
                .contains("does not renew");
        assertThat(refusedReservation(permit, WorstCase.ofFixed(NanoUsd.ofUsd("0.11")))
                        .retryAfter())
                .isNull();
        reserved(permit, WorstCase.ofFixed(NanoUsd.ofUsd("0.10")));
        assertThat(open.extend(CENT)).isFalse();
        open.settle(CENT);
    }

    @Test
    void monthAndHourRenewAtTheirOwnBoundary() {
        current = tenant(2, "0.00", BudgetPeriod.MONTH);
        assertThat(refusedSession().message()).contains("each month").contains("2026-12-01T00:00:00Z");
        current = tenant(2, "0.00", BudgetPeriod.HOUR);
        assertThat(refusedSession().retryAfter()).isEqualTo(Duration.ofMinutes(30));
    }

    private SessionPermit open() {
        SessionDecision decision = Eventually.result(
                admission.openSession(new SessionRequest(SessionId.random(), current, new SubjectId("alice"), null)));
        assertThat(decision).isInstanceOf(SessionDecision.Admitted.class);
        return ((SessionDecision.Admitted) decision).permit();
    }

    private Refusal refusedSession() {
        SessionDecision decision = Eventually.result(
                admission.openSession(new SessionRequest(SessionId.random(), current, new SubjectId("alice"), null)));
        assertThat(decision).isInstanceOf(SessionDecision.Refused.class);
        return ((SessionDecision.Refused) decision).refusal();
    }

    private static ReserveDecision.Reserved reserved(SessionPermit permit, WorstCase worstCase) {
        ReserveDecision decision = Eventually.result(permit.reserve(worstCase));
        assertThat(decision).isInstanceOf(ReserveDecision.Reserved.class);
        return (ReserveDecision.Reserved) decision;
    }

    private static Refusal refusedReservation(SessionPermit permit, WorstCase worstCase) {
        ReserveDecision decision = Eventually.result(permit.reserve(worstCase));
        assertThat(decision).isInstanceOf(ReserveDecision.Refused.class);
        return ((ReserveDecision.Refused) decision).refusal();
    }

    private LocalAdmission.Usage usage() {
        return admission.usage(ACME).orElseThrow();
    }

    private static LocalAdmission.Usage usage(int sessions, String spent, String reserved) {
        return new LocalAdmission.Usage(sessions, NanoUsd.ofUsd(spent), NanoUsd.ofUsd(reserved));
    }

    /** A thousandth of a cent for an output token. */
    private static WorstCase worstCase(String fixed, int outputTokensMax, int outputTokensMin) {
        return new WorstCase(NanoUsd.ofUsd(fixed), new NanoUsd(10_000), outputTokensMax, outputTokensMin);
    }

    static Tenant tenant(int sessionsMax, String budget, BudgetPeriod period) {
        return new Tenant(
                ACME,
                "Acme",
                TenantStatus.ACTIVE,
                Set.of(),
                sessionsMax,
                NanoUsd.ofUsd(budget),
                period,
                4096,
                Duration.ofMinutes(55),
                false,
                Instant.EPOCH);
    }
}
