package dev.parley.cli;

import dev.parley.cli.CommandAudit.Change;
import dev.parley.config.BrokerConfig;
import dev.parley.domain.TenantId;
import dev.parley.store.Database;
import dev.parley.store.JdbcOrigins;
import dev.parley.store.JdbcTenants;
import dev.parley.tenancy.Origin;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code parley tenant origins}. */
@Command(
        name = "origins",
        mixinStandardHelpOptions = true,
        description = {
            "Shows and changes the list of web pages from which browsers may use a tenant's tokens and secrets.",
            "Without a list, sockets may come from all pages, and HTTP requests from none. Brokers take a change within",
            "five seconds."
        },
        footer = {
            "",
            "Examples:",
            "  parley tenant origins acme --add https://app.acme.example",
            "  parley tenant origins acme --remove http://localhost:3000"
        })
final class TenantOriginsCommand extends DatabaseCommand {
    @Parameters(paramLabel = "NAME", description = "The tenant.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private TenantId tenant;

    @Option(names = "--add", paramLabel = "ORIGIN", description = "Such as https://app.example; can be repeated.")
    private List<Origin> added = List.of();

    @Option(names = "--remove", paramLabel = "ORIGIN", description = "Can be repeated.")
    private List<String> removed = List.of();

    @Override
    @Nullable
    Change change(Database database) {
        return added.isEmpty() && removed.isEmpty()
                ? null
                : new Change(
                        "origin.set",
                        "tenant/" + tenant,
                        () -> new JsonObject().put("origins", List.copyOf(new JdbcOrigins(database).of(tenant))));
    }

    @Override
    void run(Database database, BrokerConfig settings) throws CommandFailure {
        if (new JdbcTenants(database).find(tenant).isEmpty()) {
            throw TenantFailures.unknown(tenant);
        }
        JdbcOrigins origins = new JdbcOrigins(database);
        added.forEach(origin -> origins.add(tenant, origin));
        removed.forEach(origin -> origins.remove(tenant, origin));
        Set<String> listed = origins.of(tenant);
        listed.forEach(out()::println);
        if (listed.isEmpty()) {
            out().println("no list: sockets from all pages, HTTP requests from none");
        }
    }
}
