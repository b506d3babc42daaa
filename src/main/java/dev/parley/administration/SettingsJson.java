package dev.parley.administration;

import dev.parley.domain.ModelName;
import dev.parley.tenancy.Budget;
import dev.parley.tenancy.LimitName;
import dev.parley.tenancy.PoolMode;
import dev.parley.tenancy.Settings;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Settings as the admin API writes them. What they say nothing of is null, or is not there; a limit that is null is without
 * limit. Amounts of budgets are texts, so that no client rounds them.
 */
public final class SettingsJson {
    private SettingsJson() {}

    public static JsonObject of(Settings settings) {
        JsonObject limits = new JsonObject();
        for (LimitName name : LimitName.values()) {
            OptionalLong amount = settings.limits().get(name);
            if (amount != null) {
                limits.put(name.word(), amount.isPresent() ? amount.getAsLong() : null);
            }
        }
        JsonArray budgets = new JsonArray();
        settings.budgets().stream()
                .sorted(Comparator.comparing(Budget::name))
                .forEach(budget -> budgets.add(of(budget)));
        PoolMode poolMode = settings.poolMode();
        return new JsonObject()
                .put("limits", limits)
                .put("budgets", budgets)
                .put("close_on_exhausted", settings.closeOnExhausted())
                .put("mcp_allowed", settings.mcpAllowed())
                .put("prompts_allowed", settings.promptsAllowed())
                .put("content_capture", settings.contentCapture())
                .put("models", names(settings.models()))
                .put("voices", settings.voices() == null ? null : sorted(settings.voices()))
                .put("pool_mode", poolMode == null ? null : word(poolMode))
                .put("turn_models", names(settings.turnModels()));
    }

    private static @Nullable JsonArray names(@Nullable Set<ModelName> models) {
        return models == null
                ? null
                : sorted(models.stream().map(ModelName::value).collect(Collectors.toSet()));
    }

    private static JsonObject of(Budget budget) {
        return new JsonObject()
                .put("name", budget.name())
                .put("unit", word(budget.unit()))
                .put("period", word(budget.period()))
                .put("scope", word(budget.scope()))
                .put(
                        "subject",
                        budget.subject() == null ? null : budget.subject().value())
                .put("amount", text(budget.amount()))
                .put("hard", budget.hard())
                .put("thresholds", new JsonArray(budget.thresholds()));
    }

    private static @Nullable String text(OptionalLong amount) {
        return amount.isPresent() ? Long.toString(amount.getAsLong()) : null;
    }

    private static JsonArray sorted(Collection<String> names) {
        return new JsonArray(names.stream().sorted().toList());
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
