package dev.parley.cli;

import dev.parley.cli.CommandAudit.Change;
import dev.parley.config.BrokerConfig;
import dev.parley.domain.TenantId;
import dev.parley.store.Database;
import dev.parley.store.JdbcTenants;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code parley token revoke}. */
@Command(
        name = "revoke",
        mixinStandardHelpOptions = true,
        description = {
            "Revokes one token by its 'jti'.",
            "New sessions with it are refused within some seconds, live ones are closed (4401) within a minute.",
            "To revoke all tokens of a tenant at once: parley tenant set NAME --revoke-tokens"
        },
        footer = {"", "Example:", "  parley token revoke --tenant acme --id 3f0c…"})
final class TokenRevokeCommand extends DatabaseCommand {
    @Option(names = "--tenant", required = true, paramLabel = "NAME", description = "Whose token it is.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private TenantId tenant;

    @Option(names = "--id", required = true, paramLabel = "JTI", description = "The token's 'jti' claim.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String id;

    @Option(
            names = "--until",
            paramLabel = "TIME",
            description =
                    "Remember it until then, such as 2026-12-31T00:00:00Z. Default: now + auth.token-lifetime-max.")
    private @Nullable Instant until;

    @Override
    @Nullable
    Change change(Database database) {
        return new Change("token.revoke", "tenant/" + tenant, () -> null);
    }

    @Override
    void run(Database database, BrokerConfig settings) throws Exception {
        if (new JdbcTenants(database).find(tenant).isEmpty()) {
            throw TenantFailures.unknown(tenant);
        }
        Instant expiry = until == null ? Instant.now().plus(settings.auth().tokenLifetimeMax()) : until;
        issuers(database, settings).revoke(tenant, id, expiry);
        out().println("revoked " + id + " of " + tenant + ", remembered until " + expiry);
    }
}
