package dev.parley.cli;

import dev.parley.config.BrokerConfig;
import dev.parley.domain.TenantId;
import dev.parley.store.Database;
import dev.parley.store.JdbcOrigins;
import dev.parley.store.JdbcTenants;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
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
    /** What browsers send, and the table takes. */
    private static final Pattern ORIGIN = Pattern.compile("https?://[^/?#@ ]+");

    @Parameters(paramLabel = "NAME", description = "The tenant.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private TenantId tenant;

    @Option(names = "--add", paramLabel = "ORIGIN", description = "Such as https://app.example; can be repeated.")
    private List<String> added = List.of();

    @Option(names = "--remove", paramLabel = "ORIGIN", description = "Can be repeated.")
    private List<String> removed = List.of();

    @Override
    void checkUsage() {
        added.stream()
                .filter(origin -> !ORIGIN.matcher(origin).matches() || origin.length() > 255)
                .findFirst()
                .ifPresent(origin -> refuse("'" + origin
                        + "' is no origin: it is a scheme, a host and a port if need be, such as https://app.example"));
    }

    @Override
    void run(Database database, BrokerConfig settings) throws CommandFailure {
        if (new JdbcTenants(database).find(tenant).isEmpty()) {
            throw TenantFailures.unknown(tenant);
        }
        JdbcOrigins origins = new JdbcOrigins(database);
        added.forEach(origin -> origins.add(tenant, origin));
        removed.forEach(origin -> origins.remove(tenant, origin));
        Set<String> listed = origins.read().getOrDefault(tenant, Set.of());
        listed.forEach(out()::println);
        if (listed.isEmpty()) {
            out().println("no list: sockets from all pages, HTTP requests from none");
        }
    }
}
