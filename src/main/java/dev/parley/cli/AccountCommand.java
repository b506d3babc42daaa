package dev.parley.cli;

import dev.parley.cli.CommandAudit.Change;
import dev.parley.config.AccountConfig;
import dev.parley.config.AccountConfig.Profile;
import dev.parley.config.BrokerConfig;
import dev.parley.config.ModelNames;
import dev.parley.config.Secret;
import dev.parley.store.Database;
import dev.parley.store.JdbcAccounts;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code parley account …}: the upstream accounts in the database. */
@Command(
        name = "account",
        mixinStandardHelpOptions = true,
        description = {
            "Keeps upstream accounts in the database, beside those of the settings; their keys are encrypted.",
            "Running nodes follow within some seconds."
        },
        subcommands = {
            AccountCommand.Add.class,
            AccountCommand.ListAccounts.class,
            AccountCommand.Key.class,
            AccountCommand.Reopen.class,
            AccountCommand.Remove.class,
            AccountWebhookSecret.class
        },
        footer = {
            "",
            "Examples:",
            "  parley account add main --key-file openai.key",
            "  parley account add eu --profile azure --url wss://eu.openai.azure.com/openai/v1 --key-file eu.key \\",
            "      --models gpt-realtime=my-deployment --weight 2",
            "  parley account reopen main"
        })
final class AccountCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "which command? See 'parley account --help'.");
    }

    /** {@code account add}. */
    @Command(name = "add", mixinStandardHelpOptions = true, description = "Adds an account.")
    static final class Add extends OnAccount {
        @Option(names = "--profile", defaultValue = "openai", description = "openai, azure or compatible.")
        private Profile profile = Profile.OPENAI;

        @Option(names = "--url", paramLabel = "URL", description = "Such as wss://api.openai.com/v1, the default.")
        private URI url = URI.create("wss://api.openai.com/v1");

        @Option(names = "--key-file", paramLabel = "FILE", description = "Holds the API key as its first line.")
        private @Nullable Path keyFile;

        @Option(names = "--organization", paramLabel = "ID", description = "Sent as OpenAI-Organization.")
        private @Nullable String organization;

        @Option(names = "--project", paramLabel = "ID", description = "Sent as OpenAI-Project.")
        private @Nullable String project;

        @Option(
                names = "--models",
                paramLabel = "LIST",
                defaultValue = "",
                description = "Such as gpt-realtime=my-deployment,transcription. Default: all.")
        private String models = "";

        @Option(names = "--weight", defaultValue = "1", description = "Its share of new sessions. Default: 1.")
        private int weight;

        @Option(
                names = "--sessions-max",
                paramLabel = "N",
                defaultValue = "5000",
                description = "Upstream sessions at once, of each node. Default: 5000.")
        private int sessionsMax;

        @Override
        void run(JdbcAccounts accounts) throws CommandFailure {
            if (!accounts.add(account())) {
                throw new CommandFailure("there is an account '" + name() + "' already");
            }
            out().println("added account " + name());
        }

        private AccountConfig account() throws CommandFailure {
            if (keyFile == null && profile != Profile.COMPATIBLE) {
                throw new CommandFailure(
                        "an account of the profile " + profile.label() + " needs a key: --key-file FILE");
            }
            boolean socket = "ws".equals(url.getScheme()) || "wss".equals(url.getScheme());
            if (!socket || url.getHost() == null) {
                throw new CommandFailure("the URL must begin with wss:// (or ws://) and name a host");
            }
            if (weight < 1 || weight > 1_000 || sessionsMax < 1 || sessionsMax > 1_000_000) {
                throw new CommandFailure("--weight is 1 to 1000, --sessions-max 1 to 1000000");
            }
            return new AccountConfig(
                    name(),
                    profile,
                    url,
                    keyFile == null ? null : key(keyFile),
                    organization,
                    project,
                    null,
                    parsedModels(),
                    weight,
                    sessionsMax);
        }

        private Map<String, String> parsedModels() throws CommandFailure {
            try {
                return models.isEmpty() ? Map.of() : ModelNames.parse(models);
            } catch (IllegalArgumentException e) {
                throw new CommandFailure("--models: " + e.getMessage());
            }
        }
    }

    /** {@code account key}. */
    @Command(
            name = "key",
            mixinStandardHelpOptions = true,
            description =
                    "Gives an account another key. Sessions that run go on; new ones use it, and it is tried at once.")
    static final class Key extends OnAccount {
        @Option(
                names = "--key-file",
                paramLabel = "FILE",
                required = true,
                description = "Holds the API key as its first line.")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private Path keyFile;

        @Override
        void run(JdbcAccounts accounts) throws CommandFailure {
            if (!accounts.replaceKey(name(), key(keyFile))) {
                throw unknown();
            }
            out().println("account " + name() + " has another key");
        }
    }

    /** {@code account reopen}. */
    @Command(
            name = "reopen",
            mixinStandardHelpOptions = true,
            description = {
                "Has every node try an account again that its provider refused (401, 403), or that a breaker keeps away.",
                "For accounts of the settings too; the one of upstream.url is called 'default'."
            })
    static final class Reopen extends OnAccount {
        @Override
        void run(JdbcAccounts accounts) {
            accounts.reopen(name());
            out().println("account " + name() + " is tried again");
        }
    }

    /** {@code account remove}. */
    @Command(
            name = "remove",
            mixinStandardHelpOptions = true,
            description = "Removes an account with its key. Sessions that run go on; there are no new ones.")
    static final class Remove extends OnAccount {
        @Override
        void run(JdbcAccounts accounts) throws CommandFailure {
            if (!accounts.remove(name())) {
                throw unknown();
            }
            out().println("removed account " + name());
        }
    }

    /** {@code account list}. */
    @Command(
            name = "list",
            mixinStandardHelpOptions = true,
            description = "Lists the accounts in the database; never a key.")
    static final class ListAccounts extends DatabaseCommand {
        private static final String ROW = "%-20s %-11s %7s %9s  %-44s %s";

        @Option(names = "--json", description = "Print a JSON array.")
        private boolean json;

        @Override
        void run(Database database, BrokerConfig settings) throws CommandFailure {
            List<AccountConfig> found = accounts(database, settings).read().accounts();
            if (json) {
                JsonArray array = new JsonArray();
                found.forEach(account -> array.add(json(account)));
                out().println(array.encodePrettily());
                return;
            }
            out().println(ROW.formatted("ACCOUNT", "PROFILE", "WEIGHT", "SESSIONS", "URL", "MODELS"));
            found.forEach(account -> out().println(ROW.formatted(
                    account.name(),
                    account.profile().label(),
                    account.weight(),
                    account.sessionsMax(),
                    account.url(),
                    account.models().isEmpty() ? "all" : ModelNames.show(account.models()))));
        }

        private static JsonObject json(AccountConfig account) {
            return new JsonObject()
                    .put("name", account.name())
                    .put("profile", account.profile().label())
                    .put("url", account.url().toString())
                    .put("organization", account.organization())
                    .put("project", account.project())
                    .put("models", ModelNames.show(account.models()))
                    .put("weight", account.weight())
                    .put("sessions_max", account.sessionsMax());
        }
    }

    static JdbcAccounts accounts(Database database, BrokerConfig settings) throws CommandFailure {
        return new JdbcAccounts(database, DatabaseCommand.secretBox(settings));
    }

    /** A command on one account. */
    abstract static class OnAccount extends DatabaseCommand {
        private static final int KEY_CHARS_MAX = 512;

        @Parameters(paramLabel = "NAME", description = "The account's name.")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private String name;

        final String name() {
            return name;
        }

        final CommandFailure unknown() {
            return new CommandFailure("there is no account '" + name + "' in the database");
        }

        @Override
        Change change(Database database) {
            return new Change("account." + spec().name(), "account/" + name, () -> null);
        }

        abstract void run(JdbcAccounts accounts) throws CommandFailure;

        @Override
        final void run(Database database, BrokerConfig settings) throws CommandFailure {
            if (!AccountConfig.isName(name)) {
                throw new CommandFailure("an account's name is made of small letters, digits and '-', at most 32");
            }
            run(accounts(database, settings));
        }

        static Secret key(Path file) throws CommandFailure {
            try {
                String key = Files.readString(file).strip();
                if (key.isEmpty()
                        || key.length() > KEY_CHARS_MAX
                        || key.chars().anyMatch(letter -> letter <= ' ' || letter > '~')) {
                    throw new CommandFailure(
                            "the key file must hold one line of 1 to " + KEY_CHARS_MAX + " printable characters");
                }
                return new Secret(key);
            } catch (IOException e) {
                throw new CommandFailure("cannot read the key file: " + e.getMessage());
            }
        }
    }
}
