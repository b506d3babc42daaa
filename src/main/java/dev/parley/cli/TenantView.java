package dev.parley.cli;

import dev.parley.config.Units;
import dev.parley.domain.ModelName;
import dev.parley.tenancy.Tenant;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** How commands show tenants. */
final class TenantView {
    private static final String ROW = "%-24s %-10s %14s %-6s %9s  %s%n";

    private TenantView() {}

    static JsonObject json(Tenant tenant) {
        return new JsonObject()
                .put("id", tenant.id().value())
                .put("name", tenant.name())
                .put("status", word(tenant.status()))
                .put("budget_nano_usd", tenant.budget().value())
                .put("budget_period", word(tenant.budgetPeriod()))
                .put("sessions_max", tenant.sessionsMax())
                .put("output_tokens_max", tenant.outputTokensMax())
                .put("session_length_max_seconds", tenant.sessionLengthMax().toSeconds())
                .put("close_on_exhausted", tenant.closeOnExhausted())
                .put("models", new JsonArray(models(tenant)))
                .put("tokens_valid_from", tenant.tokensValidFrom().toString());
    }

    static String text(Tenant tenant) {
        return """
                tenant              %s (%s)
                status              %s
                budget              %s each %s
                sessions at once    %d
                output tokens       %d a response
                session length      %s
                exhausted budget    %s
                models              %s
                tokens valid from   %s""".formatted(
                        tenant.id(),
                        tenant.name(),
                        word(tenant.status()),
                        tenant.budget(),
                        word(tenant.budgetPeriod()),
                        tenant.sessionsMax(),
                        tenant.outputTokensMax(),
                        Units.show(tenant.sessionLengthMax()),
                        tenant.closeOnExhausted() ? "ends the session" : "refuses the response",
                        allowed(tenant),
                        tenant.tokensValidFrom());
    }

    static String table(List<Tenant> tenants) {
        StringBuilder table =
                new StringBuilder(ROW.formatted("TENANT", "STATUS", "BUDGET", "PERIOD", "SESSIONS", "MODELS"));
        for (Tenant tenant : tenants) {
            table.append(ROW.formatted(
                    tenant.id(),
                    word(tenant.status()),
                    tenant.budget(),
                    word(tenant.budgetPeriod()),
                    tenant.sessionsMax(),
                    allowed(tenant)));
        }
        return table.toString().stripTrailing();
    }

    private static String allowed(Tenant tenant) {
        return tenant.models().isEmpty() ? "all" : String.join(", ", models(tenant));
    }

    private static List<String> models(Tenant tenant) {
        return tenant.models().stream().map(ModelName::value).sorted().collect(Collectors.toList());
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
