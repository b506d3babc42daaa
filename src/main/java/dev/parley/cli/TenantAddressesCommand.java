package dev.parley.cli;

import dev.parley.call.CallAddress;
import dev.parley.cli.CommandAudit.Change;
import dev.parley.config.BrokerConfig;
import dev.parley.domain.TenantId;
import dev.parley.store.Database;
import dev.parley.store.JdbcIncomingCalls;
import dev.parley.store.JdbcTenants;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code parley tenant addresses}. */
@Command(
        name = "addresses",
        mixinStandardHelpOptions = true,
        description = {
            "Shows and changes under which addresses a tenant is called by SIP: what stands in the To header of a call.",
            "Its webhooks are told of its calls, and it accepts or rejects them."
        },
        footer = {
            "",
            "Examples:",
            "  parley tenant addresses acme --add +49301234567",
            "  parley tenant addresses acme --add sales@sip.example --remove +49301234567"
        })
final class TenantAddressesCommand extends DatabaseCommand {
    @Parameters(paramLabel = "NAME", description = "The tenant.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private TenantId tenant;

    @Option(names = "--add", paramLabel = "ADDRESS", description = "A number, or user@host; can be repeated.")
    private List<String> added = List.of();

    @Option(names = "--remove", paramLabel = "ADDRESS", description = "Can be repeated.")
    private List<String> removed = List.of();

    @Override
    void checkUsage() {
        added.forEach(this::check);
        removed.forEach(this::check);
    }

    @Override
    @Nullable
    Change change(Database database) {
        return added.isEmpty() && removed.isEmpty()
                ? null
                : new Change("tenant.addresses", "tenant/" + tenant, () -> null);
    }

    @Override
    void run(Database database, BrokerConfig settings) throws CommandFailure {
        if (new JdbcTenants(database).find(tenant).isEmpty()) {
            throw TenantFailures.unknown(tenant);
        }
        JdbcIncomingCalls calls = new JdbcIncomingCalls(database, secretBox(settings));
        removed.forEach(address -> calls.removeAddress(tenant, CallAddress.of(address)));
        for (String address : added) {
            CallAddress wanted = CallAddress.of(address);
            if (!calls.addAddress(tenant, wanted) && !calls.addresses(tenant).contains(wanted)) {
                throw new CommandFailure("'" + wanted + "' is another tenant's");
            }
        }
        List<CallAddress> listed = calls.addresses(tenant);
        listed.forEach(out()::println);
        if (listed.isEmpty()) {
            out().println("no addresses: nobody can call this tenant");
        }
    }

    private void check(String address) {
        try {
            CallAddress.of(address);
        } catch (IllegalArgumentException e) {
            refuse("'" + address + "' is no address: it is a number such as +49301234567, or user@host");
        }
    }
}
