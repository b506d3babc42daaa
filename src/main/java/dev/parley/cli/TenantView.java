package dev.parley.cli;

import dev.parley.domain.ModelName;
import dev.parley.tenancy.Budget;
import dev.parley.tenancy.Tenant;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** How commands show tenants. */
final class TenantView {
    private static final String ROW = "%-24s %-10s %-16s %9s  %-40s %s%n";

    private TenantView() {}

    static JsonObject json(Tenant tenant) {
        return new JsonObject()
                .put("id", tenant.id().value())
                .put("name", tenant.name())
                .put("status", word(tenant.status()))
                .put("plan", tenant.plan().value())
                .put("settings", SettingsView.json(tenant.settings()))
                .put("own", SettingsView.json(tenant.own()))
                .put("tokens_valid_from", tenant.tokensValidFrom().toString());
    }

    static String text(Tenant tenant) {
        String head = "%-36s %s%n%-36s %s%n%-36s %s%n"
                .formatted(
                        "tenant",
                        tenant.id() + " (" + tenant.name() + ')',
                        "status",
                        word(tenant.status()),
                        "plan",
                        tenant.plan());
        return head
                + SettingsView.text(tenant.settings(), tenant.own())
                + "%-36s %s".formatted("tokens_valid_from", tenant.tokensValidFrom());
    }

    static String table(List<Tenant> tenants) {
        StringBuilder table =
                new StringBuilder(ROW.formatted("TENANT", "STATUS", "PLAN", "SESSIONS", "BUDGET", "MODELS"));
        for (Tenant tenant : tenants) {
            Budget main = tenant.settings().budget(Budget.MAIN);
            int others = tenant.budgets().size() - (main == null ? 0 : 1);
            table.append(ROW.formatted(
                    tenant.id(),
                    word(tenant.status()),
                    tenant.plan(),
                    tenant.sessionsMax() == Integer.MAX_VALUE ? "unlimited" : tenant.sessionsMax(),
                    (main == null ? "none" : SettingsView.text(main)) + (others == 0 ? "" : ", +" + others),
                    allowed(tenant)));
        }
        return table.toString().stripTrailing();
    }

    private static String allowed(Tenant tenant) {
        return tenant.models().isEmpty()
                ? "all"
                : tenant.models().stream().map(ModelName::value).sorted().collect(Collectors.joining(", "));
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
