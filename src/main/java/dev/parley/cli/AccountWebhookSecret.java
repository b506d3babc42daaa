package dev.parley.cli;

import dev.parley.cli.CommandAudit.Change;
import dev.parley.config.AccountConfig;
import dev.parley.config.BrokerConfig;
import dev.parley.store.Database;
import dev.parley.store.JdbcIncomingCalls;
import dev.parley.webhook.SigningSecret;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code parley account webhook-secret}. */
@Command(
        name = "webhook-secret",
        mixinStandardHelpOptions = true,
        description = {
            "Says what an account's provider signs its webhooks with, which tell of calls by SIP. At the provider, their URL is",
            "https://BROKER/v1/provider_webhooks/NAME. For accounts of the settings too; that of upstream.url is 'default'."
        })
final class AccountWebhookSecret extends DatabaseCommand {
    @Parameters(paramLabel = "NAME", description = "The account's name.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String name;

    @Option(names = "--secret-file", paramLabel = "FILE", description = "Holds whsec_… as its first line.")
    private @Nullable Path file;

    @Option(names = "--remove", description = "From now on none of its webhooks is taken.")
    private boolean remove;

    @Override
    void checkUsage() {
        if (!AccountConfig.isName(name)) {
            refuse("an account's name is made of small letters, digits and '-', at most 32");
        }
        if (remove == (file != null)) {
            refuse("either --secret-file FILE or --remove");
        }
    }

    @Override
    Change change(Database database) {
        return new Change("account.webhook-secret", "account/" + name, () -> null);
    }

    @Override
    void run(Database database, BrokerConfig settings) throws CommandFailure {
        JdbcIncomingCalls calls = new JdbcIncomingCalls(database, secretBox(settings));
        Path secret = file;
        if (secret == null) {
            if (!calls.removeSecret(name)) {
                throw new CommandFailure("no webhook secret is known of account '" + name + "'");
            }
            out().println("webhooks of account " + name + " are not taken any more");
        } else {
            calls.setSecret(name, read(secret));
            out().println("webhooks of account " + name + " are taken when they are signed with this secret");
        }
    }

    private static SigningSecret read(Path file) throws CommandFailure {
        try {
            return SigningSecret.of(Files.readString(file).strip());
        } catch (IllegalArgumentException e) {
            throw new CommandFailure("the file does not hold a secret of the form whsec_…");
        } catch (IOException e) {
            throw new CommandFailure("cannot read the secret file: " + e.getMessage());
        }
    }
}
