package dev.parley.cli;

import dev.parley.auth.Algorithm;
import dev.parley.auth.Issuer;
import dev.parley.auth.IssuerDirectory;
import dev.parley.auth.IssuerDirectory.Listed;
import dev.parley.auth.KeySource;
import dev.parley.cli.CommandAudit.Change;
import dev.parley.config.BrokerConfig;
import dev.parley.domain.TenantId;
import dev.parley.store.Database;
import dev.parley.store.JdbcTenants;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code parley tenant issuer …}: who may sign a tenant's tokens. */
@Command(
        name = "issuer",
        mixinStandardHelpOptions = true,
        description = {
            "Says who signs a tenant's tokens.",
            "A token names its issuer in 'iss'; an issuer belongs to one tenant."
        },
        subcommands = {IssuerCommand.Add.class, IssuerCommand.ListIssuers.class, IssuerCommand.Remove.class},
        footer = {
            "",
            "Examples:",
            "  parley tenant issuer add acme https://id.acme.example --jwks https://id.acme.example/keys",
            "  parley tenant issuer add acme acme-backend --public-key acme.pem",
            "  openssl rand -out secret.bin 32; parley tenant issuer add acme acme-dev --secret-file secret.bin",
            "  parley tenant issuer list acme"
        })
final class IssuerCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "which command? See 'parley tenant issuer --help'.");
    }

    /** {@code tenant issuer add}. */
    @Command(
            name = "add",
            mixinStandardHelpOptions = true,
            description = {
                "Adds an issuer with its key.",
                "Algorithms: HS256 for a secret; RS256, ES256 or EdDSA by the type of a public key."
            })
    static final class Add extends OnIssuers {
        @Parameters(index = "1", paramLabel = "ISSUER", description = "The tokens' 'iss'.")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private String issuer;

        @ArgGroup(multiplicity = "1")
        private Key key = new Key();

        @Override
        void run(IssuerDirectory issuers, BrokerConfig settings) throws CommandFailure {
            if (key.isPlainHttp() && !settings.auth().jwksAllowLoopback()) {
                throw new CommandFailure(
                        "a JWKS URL is https; http is for loopback, and only with auth.jwks-allow-loopback");
            }
            try {
                issuers.add(new Issuer(issuer, tenant(), key.source()));
            } catch (IllegalArgumentException | IssuerDirectory.IssuerTakenException e) {
                throw new CommandFailure(String.valueOf(e.getMessage()));
            } catch (IOException e) {
                throw new CommandFailure("cannot read the key: " + e.getMessage());
            }
            out().println("added issuer " + issuer + " of " + tenant());
        }
    }

    /** Where the key comes from; exactly one of them. */
    static final class Key {
        @Option(
                names = "--secret-file",
                paramLabel = "FILE",
                description = "A shared secret for HS256: the file's bytes, 32 to 1024. Stored encrypted.")
        private @Nullable Path secretFile;

        @Option(
                names = "--public-key",
                paramLabel = "FILE",
                description = "PEM file ('-----BEGIN PUBLIC KEY-----'): RSA of 2048 bits or more, EC P-256, Ed25519.")
        private @Nullable Path publicKey;

        @Option(
                names = "--jwks",
                paramLabel = "URL",
                description = "A JWKS document, https; fetched by the broker and kept up to date.")
        private @Nullable URI jwks;

        boolean isPlainHttp() {
            return jwks != null && "http".equals(jwks.getScheme());
        }

        KeySource source() throws IOException {
            if (secretFile != null) {
                byte[] secret = Files.readAllBytes(secretFile);
                try {
                    return new KeySource.SharedSecret(secret);
                } finally {
                    Arrays.fill(secret, (byte) 0);
                }
            }
            if (publicKey != null) {
                return new KeySource.PublicKeyPem(Files.readString(publicKey));
            }
            if (jwks != null) {
                return KeySource.JwksUrl.of(jwks);
            }
            throw new IllegalArgumentException("one of --secret-file, --public-key and --jwks");
        }
    }

    /** {@code tenant issuer list}. */
    @Command(name = "list", mixinStandardHelpOptions = true, description = "Lists a tenant's issuers; never a secret.")
    static final class ListIssuers extends OnIssuers {
        @Override
        @Nullable
        Change change(Database database) {
            return null;
        }

        @Option(names = "--json", description = "Print a JSON array.")
        private boolean json;

        @Override
        void run(IssuerDirectory issuers, BrokerConfig settings) {
            List<Listed> found = issuers.list(tenant());
            if (json) {
                JsonArray array = new JsonArray();
                found.forEach(issuer -> array.add(new JsonObject()
                        .put("issuer", issuer.name())
                        .put("source", issuer.source())
                        .put("algorithms", algorithms(issuer))
                        .put("detail", issuer.detail())
                        .put("created_at", issuer.createdAt().toString())));
                out().println(array.encodePrettily());
                return;
            }
            found.forEach(issuer -> out().printf(
                            "%-40s %-6s %-20s %s%n",
                            issuer.name(),
                            issuer.source(),
                            algorithms(issuer),
                            issuer.detail().lines().findFirst().orElse("")));
        }

        private static String algorithms(Listed issuer) {
            return issuer.algorithms().stream()
                    .map(Algorithm::wireName)
                    .sorted()
                    .collect(Collectors.joining(","));
        }
    }

    /** {@code tenant issuer remove}. */
    @Command(
            name = "remove",
            mixinStandardHelpOptions = true,
            description = {
                "Removes an issuer.",
                "Its tokens are refused within some seconds, its live sessions are closed (4401) within a minute."
            })
    static final class Remove extends OnIssuers {
        @Parameters(index = "1", paramLabel = "ISSUER", description = "The tokens' 'iss'.")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private String issuer;

        @Override
        void run(IssuerDirectory issuers, BrokerConfig settings) throws CommandFailure {
            if (!issuers.remove(tenant(), issuer)) {
                throw new CommandFailure("tenant '" + tenant() + "' has no issuer '" + issuer + "'");
            }
            out().println("removed issuer " + issuer + " of " + tenant());
        }
    }

    /** A command on the issuers of one tenant. */
    abstract static class OnIssuers extends DatabaseCommand {
        @Parameters(index = "0", paramLabel = "TENANT", description = "The tenant's name.")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private TenantId tenant;

        final TenantId tenant() {
            return tenant;
        }

        @Override
        @Nullable
        Change change(Database database) {
            return new Change("issuer." + spec().name(), "tenant/" + tenant, () -> null);
        }

        abstract void run(IssuerDirectory issuers, BrokerConfig settings) throws CommandFailure;

        @Override
        final void run(Database database, BrokerConfig settings) throws Exception {
            if (new JdbcTenants(database).find(tenant).isEmpty()) {
                throw TenantFailures.unknown(tenant);
            }
            run(issuers(database, settings), settings);
        }
    }
}
