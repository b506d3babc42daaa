package dev.parley.cli;

import dev.parley.config.BrokerConfig;
import dev.parley.store.Database;
import dev.parley.store.JdbcTenants;
import dev.parley.tenancy.Tenant;
import io.vertx.core.json.JsonArray;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code parley tenant list}. */
@Command(name = "list", mixinStandardHelpOptions = true, description = "Lists all tenants.")
final class TenantListCommand extends DatabaseCommand {
    @Option(names = "--json", description = "Print a JSON array.")
    private boolean json;

    @Override
    void run(Database database, BrokerConfig settings) {
        List<Tenant> tenants = new JdbcTenants(database).list();
        if (json) {
            JsonArray array = new JsonArray();
            tenants.forEach(tenant -> array.add(TenantView.json(tenant)));
            out().println(array.encodePrettily());
        } else {
            out().println(TenantView.table(tenants));
        }
    }
}
