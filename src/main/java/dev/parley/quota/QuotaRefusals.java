package dev.parley.quota;

import dev.parley.domain.NanoUsd;
import dev.parley.domain.Refusal;
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

    static Refusal exhausted(Tenant tenant, BudgetWindow window, BudgetAccount.Balance balance, Instant now) {
        String each = window.end() == null
                ? "in total"
                : "each " + window.period().name().toLowerCase(Locale.ROOT);
        String renewal = window.end() == null ? "; it does not renew" : "; it renews at " + window.end();
        Refusal refusal = Refusal.of(
                Refusal.Kind.BUDGET_EXHAUSTED,
                "budget_exhausted",
                "the budget of tenant '" + tenant.id() + "' is " + tenant.budget() + " " + each + ": "
                        + new NanoUsd(balance.spent()) + " spent and " + new NanoUsd(balance.reserved())
                        + " set aside for running responses leave too little" + renewal);
        Duration wait = window.untilRenewal(now);
        return wait == null ? refusal : refusal.retryAfter(wait);
    }
}
