package dev.parley.cli;

import dev.parley.domain.ModelName;
import dev.parley.domain.NanoUsd;
import dev.parley.tenancy.BudgetPeriod;
import dev.parley.tenancy.Tenant;
import dev.parley.tenancy.TenantStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that {@code tenant create} and {@code tenant set} share; null leaves a setting as it is. */
final class TenantLimits {
    @Option(names = "--name", paramLabel = "TEXT", description = "A name for people. Default: the tenant's id.")
    private @Nullable String name;

    @Option(
            names = "--budget",
            paramLabel = "USD",
            description = "Hard budget of one period in dollars, such as 12.50. Default: 10.")
    private @Nullable NanoUsd budget;

    @Option(
            names = "--period",
            paramLabel = "PERIOD",
            description = "When the budget renews (UTC): ${COMPLETION-CANDIDATES}. Default: MONTH.")
    private @Nullable BudgetPeriod period;

    @Option(names = "--sessions-max", paramLabel = "N", description = "Sessions at once. Default: 10.")
    private @Nullable Integer sessionsMax;

    @Option(
            names = "--output-tokens-max",
            paramLabel = "N",
            description = "The most output tokens that one response may ask for. Default: 4096.")
    private @Nullable Integer outputTokensMax;

    @Option(
            names = "--session-length-max",
            paramLabel = "DURATION",
            description = "The longest session, such as 30m. Default: 1h.")
    private @Nullable Duration sessionLengthMax;

    @Option(
            names = "--close-on-exhausted",
            arity = "1",
            paramLabel = "true|false",
            description = "Whether an exhausted budget ends the session, or only refuses the response. Default: false.")
    private @Nullable Boolean closeOnExhausted;

    @Option(
            names = "--model",
            paramLabel = "MODEL",
            description =
                    "An allowed model; can be repeated, replaces the list. Default: every model of the catalogue.")
    private @Nullable Set<ModelName> models;

    /** {@code tenant} with the given options in place of its settings. */
    Tenant applyTo(Tenant tenant, TenantStatus status, Instant tokensValidFrom) {
        return new Tenant(
                tenant.id(),
                name == null ? tenant.name() : name,
                status,
                models == null ? tenant.models() : models,
                sessionsMax == null ? tenant.sessionsMax() : sessionsMax,
                budget == null ? tenant.budget() : budget,
                period == null ? tenant.budgetPeriod() : period,
                outputTokensMax == null ? tenant.outputTokensMax() : outputTokensMax,
                sessionLengthMax == null ? tenant.sessionLengthMax() : sessionLengthMax,
                closeOnExhausted == null ? tenant.closeOnExhausted() : closeOnExhausted,
                tokensValidFrom);
    }

    /** @return what is wrong with the options, or null */
    @Nullable
    String problem() {
        if (sessionsMax != null && sessionsMax < 0) {
            return "--sessions-max is 0 or more";
        }
        if (outputTokensMax != null && outputTokensMax < 1) {
            return "--output-tokens-max is 1 or more";
        }
        if (sessionLengthMax != null && sessionLengthMax.toSeconds() < 1) {
            return "--session-length-max is 1s or more";
        }
        return name != null && (name.isBlank() || name.length() > 255) ? "--name has 1 to 255 characters" : null;
    }
}
