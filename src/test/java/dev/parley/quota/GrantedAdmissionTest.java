package dev.parley.quota;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.concurrent.Eventually;
import dev.parley.concurrent.ManualTicker;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.NodeIdentity;
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
import dev.parley.tenancy.TestTenants;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class GrantedAdmissionTest {
    private static final TenantId ACME = new TenantId("acme");
    private static final NanoUsd CENT = NanoUsd.ofUsd("0.01");
    private static final NanoUsd DOLLAR = NanoUsd.ofUsd("1");

    private final Vertx vertx = Vertx.vertx();
    private final ManualTicker ticker = new ManualTicker(Instant.parse("2026-11-21T10:30:00Z"));
    private final ModelGrantStore store = new ModelGrantStore(ticker::now);
    private final AtomicBoolean ledgerHealthy = new AtomicBoolean(true);
    private volatile Tenant current = tenant("1.00", BudgetPeriod.DAY);
    private final NodeIdentity node = new OneNode(ticker);
    private final GrantKeeper keeper = new GrantKeeper(store, node, ticker);
    private final GrantedAdmission admission =
            new GrantedAdmission(vertx, new TenantLimits(), keeper, node, ledgerHealthy::get, ticker);

    @BeforeEach
    void start() {
        keeper.start();
    }

    @AfterEach
    void close() {
        keeper.close();
        Eventually.result(vertx.close());
    }

    @Test
    void reservesTheWorstCaseAndSettlesTheActualCost() {
        SessionPermit permit = open();

        Reservation reservation =
                reserved(permit, worstCase("0.10", 4_000, 100)).reservation();

        assertThat(reservation.amount()).isEqualTo(NanoUsd.ofUsd("0.14"));
        assertThat(reservation.period()).isEqualTo(202611);
        assertThat(reserved()).isEqualTo(NanoUsd.ofUsd("0.14"));
        reservation.settle(CENT, 0);
        reservation.settle(DOLLAR, 0);
        reservation.release();
        assertThat(reserved()).isEqualTo(NanoUsd.ofUsd("0.00"));
    }

    @Test
    void releaseGivesEverythingBack() {
        SessionPermit permit = open();
        Reservation reservation = reserved(permit, worstCase("0.10", 0, 0)).reservation();

        reservation.release();
        reservation.settle(DOLLAR, 0);

        assertThat(reserved()).isEqualTo(NanoUsd.ofUsd("0.00"));
    }

    @Test
    void lowersTheOutputToWhatIsLeftButNotUnderTheFloor() {
        store.ledger(ACME, NanoUsd.ofUsd("0.90").value());
        SessionPermit permit = open();

        ReserveDecision.Reserved lowered = reserved(permit, worstCase("0.06", 50_000, 500));
        assertThat(lowered.outputTokensMax()).isEqualTo(4_000);
        assertThat(lowered.reservation().amount()).isEqualTo(NanoUsd.ofUsd("0.10"));

        lowered.reservation().settle(NanoUsd.ofUsd("0.035"), 0);
        assertThat(reserved(permit, worstCase("0.06", 50_000, 500)).outputTokensMax())
                .isEqualTo(500);
        assertThat(refusedReservation(permit, worstCase("0.00", 1, 1)).code()).isEqualTo("budget_exhausted");
    }

    @Test
    void refusesWhenNotEvenTheFloorFits() {
        store.ledger(ACME, NanoUsd.ofUsd("0.9351").value());
        SessionPermit permit = open();

        Refusal refusal = refusedReservation(permit, worstCase("0.06", 50_000, 500));

        assertThat(refusal.kind()).isEqualTo(Refusal.Kind.BUDGET_EXHAUSTED);
        assertThat(refusal.code()).isEqualTo("budget_exhausted");
        assertThat(refusal.message())
                .contains("$1.00 each day")
                .contains("$0.9351 spent")
                .contains("renews at 2026-11-22T00:00:00Z");
        assertThat(refusal.retryAfter()).isEqualTo(Duration.ofMinutes(13 * 60 + 30));
        assertThat(reserved()).isEqualTo(NanoUsd.ofUsd("0.00"));
    }

    @Test
    void theHotPathAsksNobody() {
        SessionPermit permit = open();
        reserved(permit, fixed(NanoUsd.ofUsd("0.20"))).reservation().release();
        int asked = store.asked();

        for (int number = 0; number < 20; number++) {
            Future<ReserveDecision> decision = permit.reserve(fixed(CENT));
            assertThat(decision.isComplete()).isTrue();
        }
        assertThat(store.asked()).isLessThanOrEqualTo(asked + 1); // the round of every second
    }

    @Test
    void spendsWhatItHoldsWhileTheStoreIsAwayAndThenAdmitsNothing() {
        SessionPermit permit = open();
        reserved(permit, fixed(NanoUsd.ofUsd("0.20"))).reservation().release();
        store.away(true);

        assertThat(reserved(permit, fixed(NanoUsd.ofUsd("0.20"))).reservation().amount())
                .isEqualTo(NanoUsd.ofUsd("0.20"));
        assertThat(refusedReservation(permit, fixed(DOLLAR)).kind()).isEqualTo(Refusal.Kind.OVERLOADED);
        assertThat(refusedSession().kind()).isEqualTo(Refusal.Kind.OVERLOADED);
        ticker.advance(ModelGrantStore.LIFETIME);
        assertThat(refusedReservation(permit, fixed(CENT)).kind()).isEqualTo(Refusal.Kind.OVERLOADED);
        store.away(false);
        ticker.advance(Duration.ofMillis(1));
        reserved(permit, fixed(CENT));
    }

    @Test
    void refusesAtOnceWhenTheStoreGoesAwayWhileAnIdleGrantIsGivenBack() {
        SessionPermit permit = open();
        reserved(permit, fixed(CENT)).reservation().release();
        store.away(true);
        ticker.advance(GrantKeeper.IDLE);
        int asked = store.asked();
        Eventually.holds("giving back was tried", () -> store.asked() > asked);

        assertThat(refusedReservation(permit, fixed(CENT)).kind()).isEqualTo(Refusal.Kind.OVERLOADED);
        store.away(false);
        ticker.advance(Duration.ofMillis(1));
        reserved(permit, fixed(CENT));
    }

    @Test
    void whatIsIdleIsYieldedToWhoeverLacksIt() {
        SessionPermit permit = open();
        Reservation standing = reserved(permit, fixed(NanoUsd.ofUsd("0.90"))).reservation();
        standing.idle(standing::release);
        assertThat(refusedReservation(permit, fixed(NanoUsd.ofUsd("0.50"))).code())
                .as("idle for a moment only")
                .isEqualTo("budget_exhausted");

        ticker.advance(GrantKeeper.IDLE);

        reserved(permit, fixed(NanoUsd.ofUsd("0.50")));
        assertThat(reserved()).isEqualTo(NanoUsd.ofUsd("0.50"));
    }

    @Test
    void whatHasBegunIsNotYielded() {
        SessionPermit permit = open();
        Reservation standing = reserved(permit, fixed(NanoUsd.ofUsd("0.90"))).reservation();
        standing.idle(standing::release);
        standing.busy();
        ticker.advance(GrantKeeper.IDLE);

        refusedReservation(permit, fixed(NanoUsd.ofUsd("0.50")));
        keeper.close();

        assertThat(reserved()).isEqualTo(NanoUsd.ofUsd("0.90"));
    }

    @Test
    void whoWaitedForOthersInVainHearsThatTheRestIsSetAside() {
        SessionPermit permit = open();
        anotherNodeHolds(DOLLAR);
        int before = store.asked();

        assertThat(refusedAfterPatience(permit, fixed(CENT)).message()).contains("set aside for running work");
        assertThat(store.asked()).as("its answer holds for a while").isEqualTo(before + 1);
    }

    @Test
    void aRestThatServesNobodyHereServesAnotherNode() {
        NanoUsd dime = NanoUsd.ofUsd("0.10");
        NanoUsd nickel = NanoUsd.ofUsd("0.05");
        SessionPermit permit = open();
        GrantStore.Answer other = anotherNodeAsks(null, NanoUsd.ofUsd("0.90"), dime);
        reserved(permit, fixed(nickel));
        reserved(permit, fixed(nickel)).reservation().release();
        other = anotherNodeAsks(other, dime, dime);
        assertThat(other.granted())
                .as("nothing is free")
                .isEqualTo(NanoUsd.ofUsd("0.90").value());

        refusedAfterPatience(permit, fixed(dime)); // this round hears that the other node lacks it, too
        other = anotherNodeAsks(other, dime, dime);
        ticker.advance(Budgets.REFUSAL_KEPT);
        refusedAfterPatience(permit, fixed(dime));

        other = anotherNodeAsks(other, dime, dime);
        assertThat(other.granted())
                .as("half of what it needs is not given")
                .isEqualTo(NanoUsd.ofUsd("0.90").value());
        other = anotherNodeAsks(other, nickel, nickel);
        assertThat(other.granted()).isEqualTo(NanoUsd.ofUsd("0.95").value());
    }

    @Test
    void aSmallRequestIsNotHeldToTheFloor() {
        store.ledger(ACME, NanoUsd.ofUsd("0.9998").value());
        SessionPermit permit = open();

        assertThat(reserved(permit, worstCase("0", 10, 500)).outputTokensMax()).isEqualTo(10);
        assertThat(reserved(permit, fixed(NanoUsd.ofUsd("0.0001"))).outputTokensMax())
                .isZero();
        assertThat(refusedReservation(permit, fixed(new NanoUsd(1))).code()).isEqualTo("budget_exhausted");
    }

    @Test
    void aCostAboveItsReservationIsCountedInFull() {
        SessionPermit permit = open();
        Reservation reservation = reserved(permit, fixed(DOLLAR)).reservation();

        store.settle(reservation.settle(NanoUsd.ofUsd("1.25"), 0).charges());

        assertThat(reserved()).isEqualTo(NanoUsd.ofUsd("0.00"));
        assertThat(refusedReservation(permit, fixed(new NanoUsd(1))).code()).isEqualTo("budget_exhausted");
        permit.release();
        assertThat(refusedSession().kind()).isEqualTo(Refusal.Kind.BUDGET_EXHAUSTED);
    }

    @Test
    void extendsWithinTheBudgetOnly() {
        SessionPermit permit = open();
        Reservation reservation = reserved(permit, fixed(NanoUsd.ofUsd("0.60"))).reservation();

        assertThat(Eventually.result(reservation.extend(NanoUsd.ofUsd("0.40"), 0)))
                .isEmpty();
        assertThat(Eventually.result(reservation.extend(new NanoUsd(1), 0))
                        .orElseThrow()
                        .message())
                .contains("budget 'main'");
        assertThat(reservation.amount()).isEqualTo(DOLLAR);
        reservation.release();
        assertThat(Eventually.result(reservation.extend(CENT, 0))).isPresent();
        assertThat(reserved()).isEqualTo(NanoUsd.ofUsd("0.00"));
    }

    @Test
    void startsNoSessionWhileTheLedgerIsIll() {
        ledgerHealthy.set(false);

        Refusal refusal = refusedSession();

        assertThat(refusal.kind()).isEqualTo(Refusal.Kind.OVERLOADED);
        assertThat(refusal.retryAfter()).isPositive();
        assertThat(store.asked()).isZero();
        ledgerHealthy.set(true);
        open();
    }

    @Test
    void aNewDayHasANewBudgetAndOldReservationsStayInTheirs() {
        SessionPermit permit = open();
        Reservation lateInTheDay = reserved(permit, fixed(DOLLAR)).reservation();
        assertThat(refusedReservation(permit, fixed(CENT)).code()).isEqualTo("budget_exhausted");

        ticker.advance(Duration.ofHours(14));
        store.ledger(ACME, NanoUsd.ofUsd("0.25").value());
        Reservation today = reserved(permit, fixed(NanoUsd.ofUsd("0.75"))).reservation();

        lateInTheDay.settle(DOLLAR, 0);
        assertThat(reserved()).isEqualTo(NanoUsd.ofUsd("0.75"));
        today.settle(CENT, 0);
        assertThat(reserved()).isEqualTo(NanoUsd.ofUsd("0.00"));
    }

    @Test
    void theLedgersPeriodIsTheMonthOfTheReservation() {
        ticker.step(Instant.parse("2026-12-31T23:59:59.999Z"));
        SessionPermit permit = open();
        Reservation old = reserved(permit, fixed(CENT)).reservation();
        ticker.advance(Duration.ofSeconds(1));

        assertThat(old.period()).isEqualTo(202612);
        assertThat(reserved(permit, fixed(CENT)).reservation().period()).isEqualTo(202701);
    }

    @Test
    void changedLimitsActOnLiveSessions() {
        SessionPermit permit = open();
        reserved(permit, fixed(DOLLAR));
        assertThat(refusedReservation(permit, fixed(CENT)).code()).isEqualTo("budget_exhausted");

        permit.hear(tenant("1.50", BudgetPeriod.DAY));
        ticker.advance(Budgets.REFUSAL_KEPT);
        Reservation raised = reserved(permit, fixed(NanoUsd.ofUsd("0.50"))).reservation();
        raised.release();
        permit.hear(tenant("0.50", BudgetPeriod.DAY));
        ticker.advance(GrantKeeper.ROUND);
        int asked = store.asked();
        Eventually.holds("what is over has gone back", () -> store.asked() > asked + 1);

        assertThat(refusedReservation(permit, fixed(CENT)).message()).contains("$0.50 each day");
    }

    @Test
    void monthAndHourRenewAtTheirOwnBoundary() {
        current = tenant("0.00", BudgetPeriod.MONTH);
        assertThat(refusedSession().message()).contains("each month").contains("2026-12-01T00:00:00Z");
        current = tenant("0.00", BudgetPeriod.HOUR);
        assertThat(refusedSession().retryAfter()).isEqualTo(Duration.ofMinutes(30));
    }

    private void anotherNodeHolds(NanoUsd amount) {
        anotherNodeAsks(null, amount, amount);
    }

    private GrantStore.Answer anotherNodeAsks(GrantStore.@Nullable Answer held, NanoUsd amount, NanoUsd useful) {
        Limit limit = new TenantLimits().of(current, new SubjectId("bob")).getFirst();
        Long grant = held == null ? null : held.grant();
        Long seq = held == null ? null : held.seq();
        return store.exchange(
                        2,
                        List.of(new GrantStore.Ask(
                                ACME,
                                limit,
                                grant,
                                seq,
                                0,
                                amount.value(),
                                useful.value(),
                                amount.value(),
                                0,
                                0,
                                0,
                                false)))
                .getFirst();
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

    private Refusal refusedAfterPatience(SessionPermit permit, WorstCase worstCase) {
        int before = store.asked();
        Future<ReserveDecision> waiting = permit.reserve(worstCase);
        Eventually.holds("the database was asked", () -> store.asked() > before);
        ticker.advance(Budgets.PATIENCE.plusMillis(1));
        return ((ReserveDecision.Refused) Eventually.result(waiting)).refusal();
    }

    private NanoUsd reserved() {
        return keeper.reserved(ACME);
    }

    private static WorstCase fixed(NanoUsd cost) {
        return WorstCase.ofFixed(cost, 0);
    }

    /** A thousandth of a cent for an output token. */
    private static WorstCase worstCase(String fixed, int outputTokensMax, int outputTokensMin) {
        return new WorstCase(NanoUsd.ofUsd(fixed), new NanoUsd(10_000), outputTokensMax, outputTokensMin, 0, 1, 0);
    }

    private static Tenant tenant(String budget, BudgetPeriod period) {
        return TestTenants.of(
                ACME,
                "Acme",
                TenantStatus.ACTIVE,
                Set.of(),
                10,
                NanoUsd.ofUsd(budget),
                period,
                4096,
                Duration.ofMinutes(55),
                false,
                Instant.EPOCH);
    }
}
