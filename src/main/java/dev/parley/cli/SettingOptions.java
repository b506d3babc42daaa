package dev.parley.cli;

import dev.parley.domain.ModelName;
import dev.parley.domain.NanoUsd;
import dev.parley.tenancy.Budget;
import dev.parley.tenancy.BudgetPeriod;
import dev.parley.tenancy.LimitName;
import dev.parley.tenancy.PoolMode;
import dev.parley.tenancy.Settings;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options by which tenants and plans are given their settings; null leaves a setting as it is. */
final class SettingOptions {
    private static final String UNLIMITED = "unlimited";
    private static final String DEFAULT = "default";
    private static final Set<String> POOL_MODES = Set.of("session", "turn", DEFAULT);
    private static final String SWITCH = "true|false|default";

    @Option(names = "--name", paramLabel = "TEXT", description = "A name for people. Default: the id.")
    private @Nullable String name;

    @Option(
            names = "--budget",
            paramLabel = "USD",
            description =
                    "Hard budget 'main' of one period in dollars, such as 12.50. See 'parley budget' for more budgets.")
    private @Nullable NanoUsd budget;

    @Option(
            names = "--period",
            paramLabel = "PERIOD",
            description = "When the budget 'main' renews (UTC): ${COMPLETION-CANDIDATES}.")
    private @Nullable BudgetPeriod period;

    @Option(names = "--sessions-max", paramLabel = "N", description = "Sessions at once: --limit sessions_max=N.")
    private @Nullable Long sessionsMax;

    @Option(
            names = "--output-tokens-max",
            paramLabel = "N",
            description = "The most output tokens that one response may ask for: --limit output_tokens_max=N.")
    private @Nullable Long outputTokensMax;

    @Option(
            names = "--session-length-max",
            paramLabel = "DURATION",
            description = "The longest session, such as 30m: --limit session_length_max_seconds=N.")
    private @Nullable Duration sessionLengthMax;

    @Option(
            names = "--limit",
            paramLabel = "NAME=AMOUNT",
            description = {
                "A limit; can be repeated. AMOUNT is a number, '" + UNLIMITED + "', or '" + DEFAULT
                        + "': for a tenant what its plan says, for a plan what the broker says.",
                "NAME: sessions_max, subject_sessions_max, session_length_max_seconds, resume_window_seconds,"
                        + " upstream_replacements_max, output_tokens_max, session_starts_per_minute, responses_per_minute, tokens_per_minute, audio_seconds_per_day,"
                        + " and the last four with subject_ before them, for each subject by itself."
            })
    private Map<String, String> limits = new LinkedHashMap<>();

    @Option(
            names = "--close-on-exhausted",
            arity = "1",
            paramLabel = SWITCH,
            description = "Whether an exhausted budget ends the session, or only refuses the response.")
    private @Nullable String closeOnExhausted;

    @Option(
            names = "--mcp",
            arity = "1",
            paramLabel = SWITCH,
            description =
                    "Whether sessions may use MCP tools, by which the provider connects anywhere on their behalf.")
    private @Nullable String mcp;

    @Option(
            names = "--prompts",
            arity = "1",
            paramLabel = SWITCH,
            description = "Whether sessions may use prompts that the provider keeps.")
    private @Nullable String prompts;

    @Option(
            names = "--content-capture",
            arity = "1",
            paramLabel = SWITCH,
            description =
                    "Whether operators may read what is said in sessions: nodes keep the last of it, in memory only.")
    private @Nullable String contentCapture;

    @Option(
            names = "--pool-mode",
            paramLabel = "session|turn|default",
            description = {
                "session: each session has an upstream session of its own.",
                "turn: each response runs on an upstream session that the tenant's sessions share; without voice activity detection."
            })
    private @Nullable String poolMode;

    @Option(
            names = "--turn-model",
            paramLabel = "MODEL",
            description =
                    "A model that is in pool mode turn whatever --pool-mode says; can be repeated, replaces the list."
                            + " 'default': the list of the plan.")
    private @Nullable Set<ModelName> turnModels;

    @Option(
            names = "--model",
            paramLabel = "MODEL",
            description = "An allowed model; can be repeated, replaces the list. 'default': the list of the plan.")
    private @Nullable Set<ModelName> models;

    @Option(names = "--all-models", description = "Allow every model of the catalogue.")
    private boolean allModels;

    @Option(
            names = "--voice",
            paramLabel = "VOICE",
            description = "An allowed voice; can be repeated, replaces the list. 'default': the list of the plan.")
    private @Nullable Set<String> voices;

    @Option(names = "--all-voices", description = "Allow every voice.")
    private boolean allVoices;

    @Nullable
    String name() {
        return name;
    }

    /** {@code own} with the given options in place of what it says. */
    Settings applyTo(Settings own) {
        Settings changed = own;
        for (Map.Entry<LimitName, String> limit : limitsByName().entrySet()) {
            changed = limit.getValue().equals(DEFAULT)
                    ? changed.without(limit.getKey())
                    : changed.with(limit.getKey(), amount(limit.getValue()));
        }
        if (budget != null || period != null) {
            changed = changed.with(main(changed.budget(Budget.MAIN)));
        }
        changed = switched(changed, closeOnExhausted, Settings::withCloseOnExhausted);
        changed = switched(changed, mcp, Settings::withMcpAllowed);
        changed = switched(changed, prompts, Settings::withPromptsAllowed);
        changed = switched(changed, contentCapture, Settings::withContentCapture);
        if (models != null || allModels) {
            changed = changed.withModels(allModels ? Set.of() : listed(models, new ModelName(DEFAULT)));
        }
        if (poolMode != null) {
            changed = changed.withPoolMode(
                    poolMode.equals(DEFAULT) ? null : PoolMode.valueOf(poolMode.toUpperCase(Locale.ROOT)));
        }
        if (turnModels != null) {
            changed = changed.withTurnModels(listed(turnModels, new ModelName(DEFAULT)));
        }
        if (voices != null || allVoices) {
            changed = changed.withVoices(allVoices ? Set.of() : listed(voices, DEFAULT));
        }
        return changed;
    }

    /** @return what is wrong with the options, or null */
    @Nullable
    String problem() {
        if (name != null && (name.isBlank() || name.length() > 255)) {
            return "--name has 1 to 255 characters";
        }
        for (String one : limits.keySet()) {
            if (LimitName.of(one).isEmpty()) {
                return "--limit: there is no limit '" + one + "'; see --help for their names";
            }
        }
        for (Map.Entry<LimitName, String> limit : limitsByName().entrySet()) {
            long least = limit.getKey().least();
            String amount = limit.getValue();
            if (!amount.equals(DEFAULT) && !amount.equals(UNLIMITED) && !isAtLeast(amount, least)) {
                return limit.getKey().word() + " is a whole number from " + least + ", '" + UNLIMITED + "', or '"
                        + DEFAULT + "', not '" + amount + "'";
            }
        }
        if (poolMode != null && !POOL_MODES.contains(poolMode)) {
            return "--pool-mode is one of session, turn, default";
        }
        return switchProblem(
                "--close-on-exhausted",
                closeOnExhausted,
                "--mcp",
                mcp,
                "--prompts",
                prompts,
                "--content-capture",
                contentCapture);
    }

    private Budget main(@Nullable Budget before) {
        BudgetPeriod renewed = period != null ? period : before == null ? BudgetPeriod.MONTH : before.period();
        if (budget != null) {
            return Budget.ofMoney(Budget.MAIN, budget, renewed);
        }
        Budget old = before == null ? Objects.requireNonNull(Settings.STANDARD.budget(Budget.MAIN)) : before;
        return new Budget(
                old.name(),
                old.unit(),
                renewed,
                old.scope(),
                old.subject(),
                old.amount(),
                old.hard(),
                old.thresholds());
    }

    private Map<LimitName, String> limitsByName() {
        Map<LimitName, String> all = new LinkedHashMap<>();
        if (sessionsMax != null) {
            all.put(LimitName.SESSIONS_MAX, sessionsMax.toString());
        }
        if (outputTokensMax != null) {
            all.put(LimitName.OUTPUT_TOKENS_MAX, outputTokensMax.toString());
        }
        if (sessionLengthMax != null) {
            all.put(LimitName.SESSION_LENGTH_MAX_SECONDS, Long.toString(sessionLengthMax.toSeconds()));
        }
        limits.forEach((one, amount) -> LimitName.of(one).ifPresent(known -> all.put(known, amount)));
        return all;
    }

    /** Null, which says nothing, if it is the word for that. */
    private static <T> @Nullable Set<T> listed(@Nullable Set<T> given, T nothing) {
        return given == null || given.equals(Set.of(nothing)) ? null : given;
    }

    private static OptionalLong amount(String text) {
        return text.equals(UNLIMITED) ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(text));
    }

    private static boolean isAtLeast(String amount, long least) {
        try {
            return Long.parseLong(amount) >= least;
        } catch (NumberFormatException _) {
            return false;
        }
    }

    private static Settings switched(
            Settings settings, @Nullable String wanted, BiFunction<Settings, @Nullable Boolean, Settings> change) {
        if (wanted == null) {
            return settings;
        }
        return change.apply(settings, wanted.equalsIgnoreCase(DEFAULT) ? null : Boolean.valueOf(wanted));
    }

    private static @Nullable String switchProblem(@Nullable String... namesAndValues) {
        for (int i = 0; i < namesAndValues.length; i += 2) {
            String value = namesAndValues[i + 1];
            if (value != null && !Set.of(SWITCH.split("\\|")).contains(value.toLowerCase(Locale.ROOT))) {
                return namesAndValues[i] + " is one of " + SWITCH.replace("|", ", ");
            }
        }
        return null;
    }
}
