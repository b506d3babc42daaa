package dev.parley.admin;

import dev.parley.domain.ModelName;
import dev.parley.domain.SubjectId;
import dev.parley.tenancy.Budget;
import dev.parley.tenancy.BudgetPeriod;
import dev.parley.tenancy.BudgetUnit;
import dev.parley.tenancy.LimitName;
import dev.parley.tenancy.PoolMode;
import dev.parley.tenancy.Settings;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Settings of a tenant or plan as fields of a request: the whole of what is said, as {@code SettingsJson} writes it. */
final class SettingsFields {
    private static final int NAME_MAX = 63;
    private static final int SUBJECT_MAX = 255;
    private static final int BUDGETS_MAX = 20;
    private static final int LIST_MAX = 100;
    private static final long LIMIT_MAX = 1_000_000_000_000L;

    private SettingsFields() {}

    static Settings read(Fields fields) {
        return new Settings(
                limits(fields),
                budgets(fields),
                fields.flag("close_on_exhausted").orElse(null),
                fields.flag("mcp_allowed").orElse(null),
                fields.flag("prompts_allowed").orElse(null),
                fields.flag("content_capture").orElse(null),
                fields.texts("models", LIST_MAX).map(SettingsFields::models).orElse(null),
                fields.texts("voices", LIST_MAX).map(Set::copyOf).orElse(null),
                fields.parsed("pool_mode", NAME_MAX, SettingsFields::poolMode).orElse(null),
                fields.texts("turn_models", LIST_MAX)
                        .map(SettingsFields::models)
                        .orElse(null));
    }

    /** What the catalogue does not know, or no plan is called, is a mistake of the request. */
    static <T> T known(Supplier<T> change) {
        try {
            return change.get();
        } catch (IllegalArgumentException unknown) {
            throw Problem.invalid(Map.of("settings", String.valueOf(unknown.getMessage())));
        }
    }

    private static Map<LimitName, OptionalLong> limits(Fields fields) {
        Map<LimitName, OptionalLong> limits = new EnumMap<>(LimitName.class);
        fields.object("limits").ifPresent(said -> {
            for (LimitName name : LimitName.values()) {
                if (said.isNull(name.word())) {
                    limits.put(name, OptionalLong.empty());
                } else {
                    said.number(name.word(), name.least(), LIMIT_MAX)
                            .ifPresent(amount -> limits.put(name, OptionalLong.of(amount)));
                }
            }
        });
        return limits;
    }

    private static List<Budget> budgets(Fields fields) {
        List<Budget> budgets = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (Fields said : fields.objects("budgets", BUDGETS_MAX)) {
            Budget budget = budget(said);
            if (budget != null && !names.add(budget.name())) {
                said.mistake("name", "there is another budget of this name");
            } else if (budget != null) {
                budgets.add(budget);
            }
        }
        return budgets;
    }

    private static @Nullable Budget budget(Fields said) {
        String name = said.text("name", NAME_MAX);
        BudgetUnit unit = word(said, "unit", BudgetUnit.values(), BudgetUnit.MONEY);
        BudgetPeriod period = word(said, "period", BudgetPeriod.values(), BudgetPeriod.MONTH);
        Budget.Scope scope = word(said, "scope", Budget.Scope.values(), Budget.Scope.TENANT);
        SubjectId subject = said.parsed("subject", SUBJECT_MAX, SubjectId::new).orElse(null);
        OptionalLong amount = said.isNull("amount")
                ? OptionalLong.empty()
                : said.amount("amount").map(OptionalLong::of).orElse(OptionalLong.empty());
        if (!said.has("amount")) {
            said.mistake("amount", "is required; null is without limit");
        }
        boolean hard = said.flag("hard").orElse(true);
        List<Integer> thresholds = said.numbers("thresholds").orElse(Budget.THRESHOLDS);
        try {
            return new Budget(name, unit, period, scope, subject, amount, hard, thresholds);
        } catch (IllegalArgumentException refused) {
            said.mistake("name", String.valueOf(refused.getMessage()));
            return null;
        }
    }

    private static <E extends Enum<E>> E word(Fields said, String field, E[] values, E otherwise) {
        return said.parsed(field, NAME_MAX, text -> {
                    for (E value : values) {
                        if (value.name().toLowerCase(Locale.ROOT).equals(text)) {
                            return value;
                        }
                    }
                    throw new IllegalArgumentException("is one of "
                            + List.of(values).stream()
                                    .map(value -> value.name().toLowerCase(Locale.ROOT))
                                    .collect(Collectors.joining(", ")));
                })
                .orElse(otherwise);
    }

    private static PoolMode poolMode(String word) {
        return switch (word) {
            case "session" -> PoolMode.SESSION;
            case "turn" -> PoolMode.TURN;
            default -> throw new IllegalArgumentException("is session or turn");
        };
    }

    private static Set<ModelName> models(List<String> names) {
        return names.stream().map(ModelName::new).collect(Collectors.toSet());
    }
}
