package dev.parley.cli;

import dev.parley.domain.ModelName;
import dev.parley.domain.NanoUsd;
import dev.parley.tenancy.Budget;
import dev.parley.tenancy.BudgetUnit;
import dev.parley.tenancy.LimitName;
import dev.parley.tenancy.Settings;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** How commands show the settings of tenants and plans. */
final class SettingsView {
    private static final String ROW = "%-36s %s%n";

    private SettingsView() {}

    static JsonObject json(Settings settings) {
        JsonObject limits = new JsonObject();
        for (LimitName name : LimitName.values()) {
            OptionalLong amount = settings.limits().get(name);
            if (amount != null) {
                limits.put(name.word(), amount.isPresent() ? amount.getAsLong() : null);
            }
        }
        JsonArray budgets = new JsonArray();
        settings.budgets().forEach(budget -> budgets.add(json(budget)));
        return new JsonObject()
                .put("limits", limits)
                .put("budgets", budgets)
                .put("close_on_exhausted", settings.closeOnExhausted())
                .put("mcp_allowed", settings.mcpAllowed())
                .put("prompts_allowed", settings.promptsAllowed())
                .put("content_capture", settings.contentCapture())
                .put("pool_mode", settings.poolMode() == null ? null : word(settings.poolMode()))
                .put("turn_models", settings.turnModels() == null ? null : new JsonArray(names(settings.turnModels())))
                .put("models", settings.models() == null ? null : new JsonArray(names(settings.models())))
                .put(
                        "voices",
                        settings.voices() == null
                                ? null
                                : new JsonArray(
                                        settings.voices().stream().sorted().toList()));
    }

    static JsonObject json(Budget budget) {
        return new JsonObject()
                .put("name", budget.name())
                .put("unit", word(budget.unit()))
                .put("period", word(budget.period()))
                .put("scope", word(budget.scope()))
                .put(
                        "subject",
                        budget.subject() == null ? null : budget.subject().value())
                .put("amount", budget.amount().isPresent() ? budget.amount().getAsLong() : null)
                .put("hard", budget.hard())
                .put("thresholds", new JsonArray(budget.thresholds()));
    }

    /** Only what is said; {@code own} marks what differs from the plan. */
    static String text(Settings settings, Settings own) {
        StringBuilder text = new StringBuilder(budgets(settings, own));
        for (LimitName name : LimitName.values()) {
            OptionalLong amount = settings.limits().get(name);
            if (amount != null) {
                String value = amount.isPresent() ? Long.toString(amount.getAsLong()) : "unlimited";
                text.append(ROW.formatted(name.word(), value + mark(own.limits().containsKey(name))));
            }
        }
        add(text, "close_on_exhausted", settings.closeOnExhausted(), own.closeOnExhausted());
        add(text, "mcp_allowed", settings.mcpAllowed(), own.mcpAllowed());
        add(text, "prompts_allowed", settings.promptsAllowed(), own.promptsAllowed());
        add(text, "content_capture", settings.contentCapture(), own.contentCapture());
        add(text, "pool_mode", settings.poolMode() == null ? null : word(settings.poolMode()), own.poolMode());
        add(
                text,
                "turn_models",
                settings.turnModels() == null ? null : String.join(", ", names(settings.turnModels())),
                own.turnModels());
        add(text, "models", settings.models() == null ? null : listed(names(settings.models())), own.models());
        add(text, "voices", settings.voices() == null ? null : listed(settings.voices()), own.voices());
        return text.toString();
    }

    /** A line for each budget. */
    static String budgets(Settings settings, Settings own) {
        StringBuilder text = new StringBuilder();
        for (Budget budget : settings.budgets()) {
            text.append(
                    ROW.formatted("budget " + budget.name(), text(budget) + mark(own.budget(budget.name()) != null)));
        }
        return text.toString();
    }

    static String text(Budget budget) {
        String whose = switch (budget.scope()) {
            case TENANT -> "";
            case EACH_SUBJECT -> " for each subject";
            case SUBJECT -> " for subject '" + budget.subject() + "'";
        };
        String when = switch (budget.period()) {
            case TOTAL -> " in total";
            case HOUR, DAY, MONTH -> " each " + word(budget.period());
        };
        return amount(budget) + when + whose + (budget.hard() ? ", hard" : ", soft");
    }

    static String amount(Budget budget) {
        if (budget.amount().isEmpty()) {
            return "unlimited";
        }
        long amount = budget.amount().getAsLong();
        return budget.unit() == BudgetUnit.MONEY ? new NanoUsd(amount).toString() : amount + " tokens";
    }

    private static void add(StringBuilder text, String name, @Nullable Object value, @Nullable Object own) {
        if (value != null) {
            text.append(ROW.formatted(name, value + mark(own != null)));
        }
    }

    private static String mark(boolean own) {
        return own ? "   (own)" : "";
    }

    private static String listed(Collection<String> names) {
        return names.isEmpty() ? "all" : names.stream().sorted().collect(Collectors.joining(", "));
    }

    private static List<String> names(Collection<ModelName> models) {
        return models.stream().map(ModelName::value).sorted().toList();
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
