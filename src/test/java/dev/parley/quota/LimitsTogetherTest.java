package dev.parley.quota;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.concurrent.Eventually;
import dev.parley.concurrent.ManualTicker;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.Refusal;
import dev.parley.domain.SessionId;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import dev.parley.quota.Admission.SessionDecision;
import dev.parley.quota.SessionPermit.RateLimit;
import dev.parley.quota.SessionPermit.ReserveDecision;
import dev.parley.quota.SessionPermit.WorstCase;
import dev.parley.tenancy.Budget;
import dev.parley.tenancy.BudgetPeriod;
import dev.parley.tenancy.BudgetUnit;
import dev.parley.tenancy.LimitName;
import dev.parley.tenancy.Settings;
import dev.parley.tenancy.Tenant;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Several budgets and quotas at once. */
class LimitsTogetherTest {
    private static final TenantId ACME = new TenantId("acme");
    private static final SubjectId ALICE = new SubjectId("alice");
    private static final SubjectId BOB = new SubjectId("bob");
    private static final NanoUsd DIME = NanoUsd.ofUsd("0.10");

    private final Vertx vertx = Vertx.vertx();
    private final ManualTicker ticker = new ManualTicker(Instant.parse("2026-11-21T10:30:10Z"));
    private final ModelGrantStore store = new ModelGrantStore(ticker::now);
    private final OneNode node = new OneNode(ticker);
    private final GrantKeeper keeper = new GrantKeeper(store, node, ticker);
    private final GrantedAdmission admission =
            new GrantedAdmission(vertx, new TenantLimits(), keeper, node, () -> true, ticker);

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
    void theTightestBudgetRefusesAndIsNamed() {
        Tenant acme = tenant(
                money("month", "10", BudgetPeriod.MONTH, Budget.Scope.TENANT),
                money("today", "0.25", BudgetPeriod.DAY, Budget.Scope.TENANT));
        SessionPermit permit = open(acme, ALICE);

        spend(permit, DIME);
        spend(permit, DIME);
        Refusal refusal = refused(permit, DIME);

        assertThat(refusal.code()).isEqualTo("budget_exhausted");
        assertThat(refusal.message())
                .contains("budget 'today'")
                .contains("$0.25 each day")
                .contains("renews at 2026-11-22T00:00:00Z");
    }

    @Test
    void ofTwoThatAreSpentTheOneThatRenewsLastIsNamed() {
        Tenant acme = tenant(
                money("hour", "0.10", BudgetPeriod.HOUR, Budget.Scope.TENANT),
                money("month", "0.10", BudgetPeriod.MONTH, Budget.Scope.TENANT));
        SessionPermit permit = open(acme, ALICE);
        spend(permit, DIME);

        assertThat(refused(permit, DIME).message()).contains("budget 'month'");
    }

    @Test
    void whatOneLimitRefusesCountsInNoOther() {
        Tenant acme = tenant(
                money("month", "10", BudgetPeriod.MONTH, Budget.Scope.TENANT),
                money("mine", "0.15", BudgetPeriod.DAY, Budget.Scope.EACH_SUBJECT));
        SessionPermit permit = open(acme, ALICE);
        spend(permit, DIME);
        refused(permit, DIME);

        assertThat(keeper.reserved(ACME)).isEqualTo(NanoUsd.ZERO);
    }

    @Test
    void aBudgetOfEachSubjectIsEachOnesOwn() {
        Tenant acme = tenant(money("each", "0.10", BudgetPeriod.DAY, Budget.Scope.EACH_SUBJECT));
        SessionPermit alice = open(acme, ALICE);
        SessionPermit bob = open(acme, BOB);
        spend(alice, DIME);

        assertThat(refused(alice, DIME).message()).contains("this user of tenant 'acme'");
        spend(bob, DIME);
        refused(bob, DIME);
    }

    @Test
    void aBudgetOfOneSubjectIsNobodyElses() {
        Tenant acme = tenant(new Budget(
                "alice",
                BudgetUnit.MONEY,
                BudgetPeriod.DAY,
                Budget.Scope.SUBJECT,
                ALICE,
                OptionalLong.of(DIME.value()),
                true,
                List.of()));
        SessionPermit alice = open(acme, ALICE);
        SessionPermit bob = open(acme, BOB);
        spend(alice, DIME);
        spend(bob, DIME);

        refused(alice, DIME);
        spend(bob, DIME);
    }

    @Test
    void aSoftBudgetRefusesNothing() {
        Tenant acme = tenant(new Budget(
                "soft",
                BudgetUnit.MONEY,
                BudgetPeriod.DAY,
                Budget.Scope.TENANT,
                null,
                OptionalLong.of(1),
                false,
                List.of()));
        SessionPermit permit = open(acme, ALICE);

        spend(permit, DIME);
        spend(permit, DIME);
    }

    @Test
    void aBudgetOfTokensLowersTheOutputToWhatIsLeft() {
        Tenant acme = tenant(new Budget(
                "tokens",
                BudgetUnit.TOKENS,
                BudgetPeriod.DAY,
                Budget.Scope.TENANT,
                null,
                OptionalLong.of(1_000),
                true,
                List.of()));
        SessionPermit permit = open(acme, ALICE);

        ReserveDecision.Reserved lowered =
                reserved(permit, new WorstCase(NanoUsd.ZERO, NanoUsd.ZERO, 4_096, 50, 400, 1, 0));

        assertThat(lowered.outputTokensMax()).isEqualTo(600);
        lowered.reservation().settle(NanoUsd.ZERO, 1_000);
        Refusal refusal = refusal(permit, new WorstCase(NanoUsd.ZERO, NanoUsd.ZERO, 4_096, 50, 400, 1, 0));
        assertThat(refusal.message()).contains("budget 'tokens'").contains("1000 tokens each day");
    }

    @Test
    void responsesOfAMinuteAreCountedAndRenew() {
        SessionPermit permit = open(limited(LimitName.RESPONSES_PER_MINUTE, 3), ALICE);
        for (int i = 0; i < 3; i++) {
            spend(permit, DIME);
        }

        Refusal refusal = refused(permit, DIME);
        assertThat(refusal.kind()).isEqualTo(Refusal.Kind.RATE_LIMITED);
        assertThat(refusal.code()).isEqualTo("rate_limit_exceeded");
        assertThat(refusal.message()).contains("3 responses each minute");
        assertThat(refusal.retryAfter()).isLessThanOrEqualTo(Duration.ofSeconds(50));

        ticker.advance(Duration.ofSeconds(51));
        spend(permit, DIME);
    }

    @Test
    void tokensOfAMinuteAreReservedAtTheStartAndCorrectedAtTheEnd() {
        SessionPermit permit = open(limited(LimitName.TOKENS_PER_MINUTE, 1_000), ALICE);
        WorstCase work = new WorstCase(NanoUsd.ZERO, NanoUsd.ZERO, 500, 500, 400, 1, 0);
        Reservation first = reserved(permit, work).reservation();
        assertThat(refusal(permit, work).message()).contains("1000 tokens each minute");

        first.settle(NanoUsd.ZERO, 50);
        ticker.advance(Budgets.REFUSAL_KEPT);

        reserved(permit, work).reservation().settle(NanoUsd.ZERO, 60);
        RateLimit told = permit.rateLimits().getFirst();
        assertThat(told.unit()).isEqualTo(Unit.TOKENS);
        assertThat(told.limit()).isEqualTo(1_000);
        assertThat(told.remaining()).isEqualTo(890);
        assertThat(told.resets()).isBetween(Duration.ZERO, Duration.ofMinutes(1));
    }

    @Test
    void whatIsLeftOfAMinuteLowersNoResponseButAWholeMinuteDoes() {
        SessionPermit permit = open(limited(LimitName.TOKENS_PER_MINUTE, 1_000), ALICE);
        WorstCase work = new WorstCase(NanoUsd.ZERO, NanoUsd.ZERO, 4_096, 16, 300, 1, 0);
        ReserveDecision.Reserved first = reserved(permit, work);
        assertThat(first.outputTokensMax()).isEqualTo(700);
        first.reservation().settle(NanoUsd.ZERO, 400);

        assertThat(refusal(permit, work).code()).as("not a short answer").isEqualTo("rate_limit_exceeded");

        ticker.advance(Duration.ofMinutes(1));
        assertThat(reserved(permit, work).outputTokensMax()).isEqualTo(700);
    }

    @Test
    void sessionStartsOfAMinuteAreCountedForEachSubject() {
        Tenant acme = limited(LimitName.SUBJECT_SESSION_STARTS_PER_MINUTE, 2);
        open(acme, ALICE).release();
        open(acme, ALICE).release();

        SessionDecision third = decide(acme, ALICE);

        assertThat(third).isInstanceOf(SessionDecision.Refused.class);
        assertThat(((SessionDecision.Refused) third).refusal().message()).contains("2 session starts each minute");
        open(acme, BOB);
        ticker.advance(Duration.ofMinutes(1));
        open(acme, ALICE);
    }

    @Test
    void audioOfADayIsCountedAsItComes() {
        SessionPermit permit = open(limited(LimitName.AUDIO_SECONDS_PER_DAY, 2), ALICE);
        assertThat(permit.countsAudio()).isTrue();

        assertThat(Eventually.result(permit.countAudio(1_500))).isEmpty();
        assertThat(Eventually.result(permit.countAudio(501)).orElseThrow().message())
                .contains("2 seconds of audio each day");
        assertThat(Eventually.result(permit.countAudio(500))).isEmpty();
    }

    @Test
    void aStandingReservationMovesIntoTheMinuteInWhichItIsUsed() {
        SessionPermit permit = open(limited(LimitName.RESPONSES_PER_MINUTE, 1), ALICE);
        Reservation standing = reserved(permit, response(DIME)).reservation();
        ticker.advance(Duration.ofMinutes(5));

        assertThat(Eventually.result(standing.renew())).isEmpty();
        assertThat(standing.reservedAt()).isEqualTo(Instant.parse("2026-11-21T10:35:10Z"));
        assertThat(refused(permit, DIME).message()).contains("1 response each minute");
        assertThat(keeper.reserved(ACME)).as("once").isEqualTo(DIME);

        ticker.advance(Duration.ofMinutes(1));
        spend(permit, DIME);
        assertThat(Eventually.result(standing.renew()).orElseThrow().code()).isEqualTo("rate_limit_exceeded");
        standing.release();
        assertThat(keeper.reserved(ACME)).isEqualTo(NanoUsd.ZERO);
    }

    @Test
    void aStandingReservationMovesUnderTheLimitsThatHoldWhenItIsUsed() {
        Tenant before = tenant(money("month", "10", BudgetPeriod.MONTH, Budget.Scope.TENANT));
        Tenant after = tenant(money("today", "0.25", BudgetPeriod.DAY, Budget.Scope.TENANT));
        SessionPermit permit = open(before, ALICE);
        Reservation standing = reserved(permit, response(NanoUsd.ofUsd("0.20"))).reservation();
        permit.hear(after);

        assertThat(Eventually.result(standing.renew())).isEmpty();
        assertThat(refused(permit, DIME).message()).contains("budget 'today'");
        assertThat(standing.settle(DIME, 0).charges()).hasSize(1);
        ticker.advance(Budgets.REFUSAL_KEPT);
        spend(permit, DIME);
        assertThat(refused(permit, DIME).message()).contains("budget 'today'");

        permit.hear(before);
        Reservation again = reserved(permit, response(DIME)).reservation();
        permit.hear(after);
        assertThat(Eventually.result(again.renew()).orElseThrow().message()).contains("budget 'today'");
        again.release();
        assertThat(keeper.reserved(ACME)).isEqualTo(NanoUsd.ZERO);
    }

    @Test
    void anExtensionIsRefusedOnlyByALimitThatLacksForIt() {
        Tenant acme = tenant(
                money("month", "1", BudgetPeriod.MONTH, Budget.Scope.TENANT),
                new Budget(
                        "tokens",
                        BudgetUnit.TOKENS,
                        BudgetPeriod.DAY,
                        Budget.Scope.TENANT,
                        null,
                        OptionalLong.of(1_000_000),
                        true,
                        List.of()));
        SessionPermit permit = open(acme, ALICE);
        Reservation running = reserved(permit, response(DIME)).reservation();
        assertThat(refused(permit, NanoUsd.ofUsd("2")).message()).contains("budget 'month'");

        assertThat(Eventually.result(running.extend(NanoUsd.ZERO, 900_000))).isEmpty();
        assertThat(Eventually.result(running.extend(DIME, 900_000))
                        .orElseThrow()
                        .message())
                .contains("budget 'tokens'");
    }

    @Test
    void aChangedSettingActsOnTheLivePermit() {
        Tenant free = tenant(money("month", "10", BudgetPeriod.MONTH, Budget.Scope.TENANT));
        SessionPermit permit = open(free, ALICE);
        spend(permit, DIME);

        permit.hear(free.withOwn(free.own().with(LimitName.RESPONSES_PER_MINUTE, 1)));
        spend(permit, DIME);
        assertThat(refused(permit, DIME).message()).contains("1 response each minute");

        permit.hear(free);
        spend(permit, DIME);
    }

    private static Tenant tenant(Budget... budgets) {
        Settings own = new Settings(Map.of(), List.of(budgets), null, null, null, null, null, null, null, null);
        return Tenant.of(ACME, "Acme", own.with(unlimited()));
    }

    /** Without the budget that every tenant has. */
    private static Budget unlimited() {
        return new Budget(
                Budget.MAIN,
                BudgetUnit.MONEY,
                BudgetPeriod.MONTH,
                Budget.Scope.TENANT,
                null,
                OptionalLong.empty(),
                true,
                List.of());
    }

    private static Tenant limited(LimitName name, long amount) {
        Tenant acme = tenant(money("month", "100", BudgetPeriod.MONTH, Budget.Scope.TENANT));
        return acme.withOwn(acme.own().with(name, amount));
    }

    private static Budget money(String name, String usd, BudgetPeriod period, Budget.Scope scope) {
        return new Budget(
                name,
                BudgetUnit.MONEY,
                period,
                scope,
                null,
                OptionalLong.of(NanoUsd.ofUsd(usd).value()),
                true,
                Budget.THRESHOLDS);
    }

    private static WorstCase response(NanoUsd cost) {
        return new WorstCase(cost, NanoUsd.ZERO, 0, 0, 0, 1, 0);
    }

    private SessionDecision decide(Tenant tenant, SubjectId subject) {
        return Eventually.result(admission.openSession(new SessionRequest(SessionId.random(), tenant, subject, null)));
    }

    private SessionPermit open(Tenant tenant, SubjectId subject) {
        SessionDecision decision = decide(tenant, subject);
        assertThat(decision).isInstanceOf(SessionDecision.Admitted.class);
        return ((SessionDecision.Admitted) decision).permit();
    }

    private static void spend(SessionPermit permit, NanoUsd cost) {
        reserved(permit, response(cost)).reservation().settle(cost, 0);
    }

    private static ReserveDecision.Reserved reserved(SessionPermit permit, WorstCase work) {
        ReserveDecision decision = Eventually.result(permit.reserve(work));
        assertThat(decision).as(told(decision)).isInstanceOf(ReserveDecision.Reserved.class);
        return (ReserveDecision.Reserved) decision;
    }

    private static @Nullable String told(ReserveDecision decision) {
        return decision instanceof ReserveDecision.Refused refused
                ? refused.refusal().message()
                : null;
    }

    private static Refusal refused(SessionPermit permit, NanoUsd cost) {
        return refusal(permit, response(cost));
    }

    private static Refusal refusal(SessionPermit permit, WorstCase work) {
        ReserveDecision decision = Eventually.result(permit.reserve(work));
        assertThat(decision).isInstanceOf(ReserveDecision.Refused.class);
        return ((ReserveDecision.Refused) decision).refusal();
    }
}
