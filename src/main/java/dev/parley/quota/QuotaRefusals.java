package dev.parley.quota;

import dev.parley.domain.NanoUsd;
import dev.parley.domain.Refusal;
import dev.parley.domain.TenantId;
import dev.parley.quota.GrantAccount.Standing;
import dev.parley.tenancy.Tenant;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;

/** The words of this package's refusals: which limit, its value, and when another try can succeed. */
final class QuotaRefusals {
    private static final Duration SESSION_RETRY_AFTER = Duration.ofSeconds(5);
    private static final Duration COUNT_RETRY_AFTER = Duration.ofSeconds(2);
    private static final Duration LEDGER_RETRY_AFTER = Duration.ofSeconds(5);

    private QuotaRefusals() {}

    static Refusal ledgerAway() {
        return Refusal.of(
                        Refusal.Kind.OVERLOADED,
                        "ledger_unavailable",
                        "usage cannot be recorded at the moment, so nothing new is started; try again later")
                .retryAfter(LEDGER_RETRY_AFTER);
    }

    static Refusal tooManySessions(Tenant tenant, int open) {
        return Refusal.of(
                        Refusal.Kind.RATE_LIMITED,
                        "session_limit_reached",
                        "tenant '" + tenant.id() + "' may have " + tenant.sessionsMax() + " sessions at once and has "
                                + open + "; end one, or try again later")
                .retryAfter(SESSION_RETRY_AFTER);
    }

    static Refusal tooManySessionsOfSubject(int limit) {
        return Refusal.of(
                        Refusal.Kind.RATE_LIMITED,
                        "subject_session_limit_reached",
                        "you may have " + limit + " sessions at once and have them; end one, or try again later")
                .retryAfter(SESSION_RETRY_AFTER);
    }

    static Refusal countAway() {
        return Refusal.of(
                        Refusal.Kind.OVERLOADED,
                        "session_count_unavailable",
                        "sessions cannot be counted at the moment, so no new one is started; try again soon")
                .retryAfter(COUNT_RETRY_AFTER);
    }

    /** @param now the database's clock */
    static Refusal exhausted(TenantId tenant, Limit limit, Standing standing, Instant now) {
        Instant renews = standing.renews();
        String each = limit.period() == LimitPeriod.TOTAL
                ? "in total"
                : "each " + limit.period().name().toLowerCase(Locale.ROOT);
        String whose = limit.subject() == null ? "tenant '" + tenant + "'" : "this user of tenant '" + tenant + "'";
        String rest =
                standing.spent() >= limit.amount() ? "" : "; what is left is set aside for running work, or too little";
        String renewal = renews == null ? "; it does not renew" : "; it renews at " + renews;
        String which = limit.budget() == null ? "quota" : "budget '" + limit.budget() + "'";
        String message = "the " + which + " of " + whose + " is "
                + amount(limit.unit(), limit.amount()) + " " + each + ": "
                + amount(limit.unit(), Math.max(0, standing.spent())) + " spent" + rest + renewal;
        Refusal refusal = limit.budget() != null
                ? Refusal.of(Refusal.Kind.BUDGET_EXHAUSTED, "budget_exhausted", message)
                : Refusal.of(Refusal.Kind.RATE_LIMITED, "rate_limit_exceeded", message);
        if (renews == null) {
            return refusal;
        }
        Duration wait = Duration.between(now, renews);
        return refusal.retryAfter(wait.isNegative() ? Duration.ZERO : wait);
    }

    static Refusal sessionEnded() {
        return Refusal.of(Refusal.Kind.OVERLOADED, "session_ended", "the session has ended");
    }

    private static String amount(Unit unit, long amount) {
        return switch (unit) {
            case MONEY -> new NanoUsd(amount).toString();
            case TOKENS -> counted(amount, "token", "");
            case RESPONSES -> counted(amount, "response", "");
            case SESSION_STARTS -> counted(amount, "session start", "");
            case AUDIO_MILLIS -> counted(amount / 1_000, "second", " of audio");
        };
    }

    private static String counted(long amount, String one, String of) {
        return amount + " " + one + (amount == 1 ? "" : "s") + of;
    }
}
