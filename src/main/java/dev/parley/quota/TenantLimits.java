package dev.parley.quota;

import dev.parley.domain.SubjectId;
import dev.parley.tenancy.Budget;
import dev.parley.tenancy.BudgetUnit;
import dev.parley.tenancy.LimitName;
import dev.parley.tenancy.Tenant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** The limits that a tenant's settings come to: its budgets, and its quotas of each minute or day. */
public final class TenantLimits implements LimitSource {
    private static final long MILLIS_PER_SECOND = 1_000;
    /** More than a day has for any number of sessions; far from the end of 64 bits in milliseconds. */
    private static final long AUDIO_SECONDS_MAX = 1_000_000_000_000L;

    @Override
    public List<Limit> of(Tenant tenant, SubjectId subject) {
        List<Limit> limits = new ArrayList<>();
        tenant.budgets().forEach(budget -> addBudget(limits, budget, subject));
        for (LimitName name : LimitName.values()) {
            OptionalLong amount = tenant.limit(name);
            if (amount.isPresent()) {
                addQuota(limits, name, amount.getAsLong(), subject);
            }
        }
        return limits;
    }

    /** A budget of another period, unit, scope or hardness is another limit, though its name is the same. */
    private static void addBudget(List<Limit> limits, Budget budget, SubjectId subject) {
        boolean concerns = budget.scope() != Budget.Scope.SUBJECT || subject.equals(budget.subject());
        if (budget.amount().isEmpty() || !concerns) {
            return;
        }
        String key = String.join(
                "/",
                "budget",
                budget.name(),
                word(budget.unit()),
                word(budget.period()),
                word(budget.scope()),
                budget.hard() ? "hard" : "soft");
        limits.add(new Limit(
                key,
                budget.name(),
                budget.unit() == BudgetUnit.MONEY ? Unit.MONEY : Unit.TOKENS,
                LimitPeriod.valueOf(budget.period().name()),
                budget.scope() == Budget.Scope.TENANT ? null : subject,
                budget.amount().getAsLong(),
                budget.hard()));
    }

    private static void addQuota(List<Limit> limits, LimitName name, long amount, SubjectId subject) {
        switch (name) {
            case SESSION_STARTS_PER_MINUTE -> add(limits, name, Unit.SESSION_STARTS, LimitPeriod.MINUTE, null, amount);
            case RESPONSES_PER_MINUTE -> add(limits, name, Unit.RESPONSES, LimitPeriod.MINUTE, null, amount);
            case TOKENS_PER_MINUTE -> add(limits, name, Unit.TOKENS, LimitPeriod.MINUTE, null, amount);
            case AUDIO_SECONDS_PER_DAY -> add(limits, name, Unit.AUDIO_MILLIS, LimitPeriod.DAY, null, amount);
            case SUBJECT_SESSION_STARTS_PER_MINUTE ->
                add(limits, name, Unit.SESSION_STARTS, LimitPeriod.MINUTE, subject, amount);
            case SUBJECT_RESPONSES_PER_MINUTE -> add(limits, name, Unit.RESPONSES, LimitPeriod.MINUTE, subject, amount);
            case SUBJECT_TOKENS_PER_MINUTE -> add(limits, name, Unit.TOKENS, LimitPeriod.MINUTE, subject, amount);
            case SUBJECT_AUDIO_SECONDS_PER_DAY ->
                add(limits, name, Unit.AUDIO_MILLIS, LimitPeriod.DAY, subject, amount);
            // Not amounts that are used up: counted or checked elsewhere.
            case SESSIONS_MAX,
                    SUBJECT_SESSIONS_MAX,
                    SESSION_LENGTH_MAX_SECONDS,
                    RESUME_WINDOW_SECONDS,
                    UPSTREAM_REPLACEMENTS_MAX,
                    OUTPUT_TOKENS_MAX -> {}
        }
    }

    private static void add(
            List<Limit> limits,
            LimitName name,
            Unit unit,
            LimitPeriod period,
            @Nullable SubjectId subject,
            long amount) {
        long inUnit = unit == Unit.AUDIO_MILLIS ? Math.min(amount, AUDIO_SECONDS_MAX) * MILLIS_PER_SECOND : amount;
        limits.add(new Limit("quota/" + name.word(), null, unit, period, subject, inUnit, true));
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
