package dev.parley.tenancy;

import dev.parley.domain.ModelName;
import dev.parley.domain.NanoUsd;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a plan says, or a tenant beside its plan; null, or a limit without an entry: nothing, so what lies below it holds.
 * Immutable.
 *
 * @param limits empty amount: without limit
 * @param budgets one of each name, in the order of their names
 * @param closeOnExhausted whether an exhausted budget ends the session (true) or only refuses the response
 * @param mcpAllowed whether sessions may use MCP tools
 * @param promptsAllowed whether sessions may use prompts that the provider keeps
 * @param contentCapture whether operators may read what is said in sessions
 * @param models those that may be used; empty: every model of the catalogue
 * @param voices those that may be used; empty: every voice
 * @param poolMode how conversations use upstream sessions
 * @param turnModels models whose conversations are in pool mode turn whatever {@code poolMode} says
 */
public record Settings(
        Map<LimitName, OptionalLong> limits,
        List<Budget> budgets,
        @Nullable Boolean closeOnExhausted,
        @Nullable Boolean mcpAllowed,
        @Nullable Boolean promptsAllowed,
        @Nullable Boolean contentCapture,
        @Nullable Set<ModelName> models,
        @Nullable Set<String> voices,
        @Nullable PoolMode poolMode,
        @Nullable Set<ModelName> turnModels) {
    /** Says nothing. */
    public static final Settings NONE =
            new Settings(Map.of(), List.of(), null, null, null, null, null, null, null, null);

    /** What holds where neither tenant nor plan say anything. */
    public static final Settings STANDARD = standard();

    public Settings {
        limits = Map.copyOf(limits);
        budgets = budgets.stream().sorted(Comparator.comparing(Budget::name)).toList();
        models = models == null ? null : Set.copyOf(models);
        voices = voices == null ? null : Set.copyOf(voices);
        turnModels = turnModels == null ? null : Set.copyOf(turnModels);
        if (budgets.stream().map(Budget::name).distinct().count() < budgets.size()) {
            throw new IllegalArgumentException("two budgets of one name");
        }
        limits.forEach((name, amount) -> {
            if (amount.isPresent() && amount.getAsLong() < name.least()) {
                throw new IllegalArgumentException(name.word() + " is " + name.least() + " or more");
            }
        });
    }

    /** These, and where they say nothing, those. */
    public Settings over(Settings those) {
        Map<LimitName, OptionalLong> all = new EnumMap<>(LimitName.class);
        all.putAll(those.limits);
        all.putAll(limits);
        List<Budget> both = new ArrayList<>(budgets);
        those.budgets.stream().filter(theirs -> budget(theirs.name()) == null).forEach(both::add);
        return new Settings(
                all,
                both,
                closeOnExhausted == null ? those.closeOnExhausted : closeOnExhausted,
                mcpAllowed == null ? those.mcpAllowed : mcpAllowed,
                promptsAllowed == null ? those.promptsAllowed : promptsAllowed,
                contentCapture == null ? those.contentCapture : contentCapture,
                models == null ? those.models : models,
                voices == null ? those.voices : voices,
                poolMode == null ? those.poolMode : poolMode,
                turnModels == null ? those.turnModels : turnModels);
    }

    public @Nullable Budget budget(String name) {
        return budgets.stream()
                .filter(one -> one.name().equals(name))
                .findFirst()
                .orElse(null);
    }

    /** With a limit; empty amount: without limit. */
    public Settings with(LimitName name, OptionalLong amount) {
        Map<LimitName, OptionalLong> changed = new EnumMap<>(LimitName.class);
        changed.putAll(limits);
        changed.put(name, amount);
        return with(changed);
    }

    public Settings with(LimitName name, long amount) {
        return with(name, OptionalLong.of(amount));
    }

    /** With nothing said of a limit. */
    public Settings without(LimitName name) {
        Map<LimitName, OptionalLong> changed = new EnumMap<>(LimitName.class);
        changed.putAll(limits);
        changed.remove(name);
        return with(changed);
    }

    /** With a budget in place of the one of its name. */
    public Settings with(Budget budget) {
        List<Budget> changed = new ArrayList<>(without(budget.name()).budgets);
        changed.add(budget);
        return withBudgets(changed);
    }

    /** Without the budget of a name. */
    public Settings without(String budget) {
        return withBudgets(
                budgets.stream().filter(one -> !one.name().equals(budget)).toList());
    }

    public Settings withCloseOnExhausted(@Nullable Boolean close) {
        return new Settings(
                limits,
                budgets,
                close,
                mcpAllowed,
                promptsAllowed,
                contentCapture,
                models,
                voices,
                poolMode,
                turnModels);
    }

    public Settings withMcpAllowed(@Nullable Boolean allowed) {
        return new Settings(
                limits,
                budgets,
                closeOnExhausted,
                allowed,
                promptsAllowed,
                contentCapture,
                models,
                voices,
                poolMode,
                turnModels);
    }

    public Settings withPromptsAllowed(@Nullable Boolean allowed) {
        return new Settings(
                limits,
                budgets,
                closeOnExhausted,
                mcpAllowed,
                allowed,
                contentCapture,
                models,
                voices,
                poolMode,
                turnModels);
    }

    public Settings withContentCapture(@Nullable Boolean allowed) {
        return new Settings(
                limits,
                budgets,
                closeOnExhausted,
                mcpAllowed,
                promptsAllowed,
                allowed,
                models,
                voices,
                poolMode,
                turnModels);
    }

    public Settings withModels(@Nullable Set<ModelName> allowed) {
        return new Settings(
                limits,
                budgets,
                closeOnExhausted,
                mcpAllowed,
                promptsAllowed,
                contentCapture,
                allowed,
                voices,
                poolMode,
                turnModels);
    }

    public Settings withVoices(@Nullable Set<String> allowed) {
        return new Settings(
                limits,
                budgets,
                closeOnExhausted,
                mcpAllowed,
                promptsAllowed,
                contentCapture,
                models,
                allowed,
                poolMode,
                turnModels);
    }

    public Settings withPoolMode(@Nullable PoolMode mode) {
        return new Settings(
                limits,
                budgets,
                closeOnExhausted,
                mcpAllowed,
                promptsAllowed,
                contentCapture,
                models,
                voices,
                mode,
                turnModels);
    }

    public Settings withTurnModels(@Nullable Set<ModelName> inTurnMode) {
        return new Settings(
                limits,
                budgets,
                closeOnExhausted,
                mcpAllowed,
                promptsAllowed,
                contentCapture,
                models,
                voices,
                poolMode,
                inTurnMode);
    }

    private Settings with(Map<LimitName, OptionalLong> changed) {
        return new Settings(
                changed,
                budgets,
                closeOnExhausted,
                mcpAllowed,
                promptsAllowed,
                contentCapture,
                models,
                voices,
                poolMode,
                turnModels);
    }

    private Settings withBudgets(List<Budget> changed) {
        return new Settings(
                limits,
                changed,
                closeOnExhausted,
                mcpAllowed,
                promptsAllowed,
                contentCapture,
                models,
                voices,
                poolMode,
                turnModels);
    }

    private static Settings standard() {
        Map<LimitName, OptionalLong> limits = new EnumMap<>(LimitName.class);
        for (LimitName name : LimitName.values()) {
            limits.put(name, name.standard());
        }
        Budget main = Budget.ofMoney(Budget.MAIN, NanoUsd.ofUsd("10"), BudgetPeriod.MONTH);
        return new Settings(
                limits, List.of(main), false, false, false, false, Set.of(), Set.of(), PoolMode.SESSION, Set.of());
    }
}
