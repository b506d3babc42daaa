package dev.parley.tenancy;

import dev.parley.domain.NanoUsd;
import dev.parley.domain.Slug;
import dev.parley.domain.SubjectId;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * How much may be used in a period.
 *
 * @param name what refusals and events call it; unique in a tenant or plan
 * @param subject the one whose use counts, for {@link Scope#SUBJECT} only
 * @param amount in the unit: nano-dollars or tokens; empty: without limit, by which a tenant is rid of its plan's budget
 * @param hard whether work is refused above it; a soft one only raises events
 * @param thresholds percent of the amount at which an event is raised
 */
public record Budget(
        String name,
        BudgetUnit unit,
        BudgetPeriod period,
        Scope scope,
        @Nullable SubjectId subject,
        OptionalLong amount,
        boolean hard,
        List<Integer> thresholds) {
    /** The budget that commands mean when they name none. */
    public static final String MAIN = "main";

    public static final List<Integer> THRESHOLDS = List.of(50, 80, 100);
    private static final int THRESHOLDS_MAX = 10;
    private static final int PERCENT_MAX = 1_000;

    public Budget {
        Slug.require("budget", name);
        if (amount.isPresent() && amount.getAsLong() < 0) {
            throw new IllegalArgumentException("budget '" + name + "' is less than nothing");
        }
        if ((scope == Scope.SUBJECT) != (subject != null)) {
            throw new IllegalArgumentException(
                    "budget '" + name + "' names a subject if it is for one subject, and only then");
        }
        if (thresholds.size() > THRESHOLDS_MAX || thresholds.stream().anyMatch(one -> one < 1 || one > PERCENT_MAX)) {
            throw new IllegalArgumentException(
                    "thresholds are up to " + THRESHOLDS_MAX + " numbers from 1 to " + PERCENT_MAX);
        }
        thresholds = thresholds.stream().sorted().distinct().toList();
    }

    /** Whose use counts. */
    public enum Scope {
        TENANT,
        EACH_SUBJECT,
        SUBJECT
    }

    /** A hard budget in money for the whole tenant, with the usual thresholds. */
    public static Budget ofMoney(String name, NanoUsd amount, BudgetPeriod period) {
        return new Budget(
                name, BudgetUnit.MONEY, period, Scope.TENANT, null, OptionalLong.of(amount.value()), true, THRESHOLDS);
    }
}
