package dev.parley.cli;

import dev.parley.auth.BrokerTokens;
import dev.parley.cli.CommandAudit.Change;
import dev.parley.concurrent.Ticker;
import dev.parley.config.BrokerConfig;
import dev.parley.domain.ModelName;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import dev.parley.store.Database;
import dev.parley.store.JdbcTenants;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** {@code parley token}. */
@Command(
        name = "token",
        mixinStandardHelpOptions = true,
        subcommands = TokenRevokeCommand.class,
        description = {
            "Mints a token (JWT) for a client, and prints it alone on stdout.",
            "Signed with the broker's own key. It may narrow what its tenant is allowed, never widen it."
        },
        footer = {
            "",
            "Examples:",
            "  parley token --tenant demo --subject alice",
            "  TOKEN=$(parley token --tenant acme --subject user-17 --ttl 15m --model gpt-realtime-2.1)",
            "  parley token revoke --tenant acme --id JTI"
        })
final class TokenCommand extends DatabaseCommand {
    private static final int STOP_SECONDS_MAX = 10;

    // picocli would ask for required options of this command when 'token revoke' is meant, so they are asked for below.
    @Option(names = "--tenant", paramLabel = "NAME", description = "Whose client it is. Required.")
    private @Nullable TenantId tenant;

    @Option(
            names = "--subject",
            paramLabel = "ID",
            description = "The end user, as the tenant calls it; recorded with each usage entry. Required.")
    private @Nullable SubjectId subject;

    @Option(
            names = "--ttl",
            paramLabel = "DURATION",
            defaultValue = "1h",
            description =
                    "How long it is valid, such as 15m or 1h, up to auth.token-lifetime-max. Default: ${DEFAULT-VALUE}.")
    private Duration lifetime = Duration.ofHours(1);

    @Option(
            names = "--model",
            paramLabel = "MODEL",
            description = "Only this model; can be repeated. Default: all of the tenant's.")
    private @Nullable Set<ModelName> models;

    @Option(
            names = "--output-tokens-max",
            paramLabel = "N",
            description = "The most that one response may ask for. Default: the tenant's.")
    private @Nullable Integer outputTokensMax;

    @Option(
            names = "--tenant-usage",
            description = "It may read the usage of the whole tenant (GET /v1/usage). Default: its subject's only.")
    private boolean wholeTenant;

    @Override
    void checkUsage() {
        if (tenant == null || subject == null) {
            throw new ParameterException(
                    spec().commandLine(), "Missing required option: " + (tenant == null ? "--tenant" : "--subject"));
        }
    }

    @Override
    @Nullable
    Change change(Database database) {
        JsonObject minted =
                new JsonObject().put("subject", String.valueOf(subject)).put("ttl", lifetime.toString());
        return new Change("token.mint", "tenant/" + tenant, () -> minted);
    }

    @Override
    void run(Database database, BrokerConfig settings) throws Exception {
        TenantId asked = Objects.requireNonNull(tenant);
        SubjectId user = Objects.requireNonNull(subject);
        if (new JdbcTenants(database).find(asked).isEmpty()) {
            throw TenantFailures.unknown(asked);
        }
        Vertx vertx = Vertx.vertx();
        try {
            BrokerTokens tokens = new BrokerTokens(vertx, settings.auth(), issuers(database, settings), Ticker.SYSTEM);
            OptionalInt tokensMax = outputTokensMax == null ? OptionalInt.empty() : OptionalInt.of(outputTokensMax);
            out().println(tokens.mint(new BrokerTokens.Order(asked, user, lifetime, models, tokensMax, wholeTenant)));
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(String.valueOf(e.getMessage()));
        } finally {
            vertx.close().await(STOP_SECONDS_MAX, TimeUnit.SECONDS);
        }
    }
}
