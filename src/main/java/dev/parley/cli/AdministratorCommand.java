package dev.parley.cli;

import dev.parley.administration.Actor;
import dev.parley.administration.Administrator;
import dev.parley.administration.AuditLog;
import dev.parley.administration.Passwords;
import dev.parley.administration.Role;
import dev.parley.administration.SignIn;
import dev.parley.concurrent.Ticker;
import dev.parley.config.BrokerConfig;
import dev.parley.store.Database;
import dev.parley.store.JdbcAdministrators;
import dev.parley.store.JdbcAuditLog;
import io.vertx.core.json.JsonObject;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code parley administrator …}: who may sign in to the console, from the shell. */
@Command(
        name = "administrator",
        mixinStandardHelpOptions = true,
        description = "Makes administrators of the console, and lets those in who have lost their password.",
        subcommands = {AdministratorCommand.List_.class, AdministratorCommand.Link.class},
        footer = {
            "",
            "Examples:",
            "  parley administrator link alice --create --role operator",
            "  parley administrator list"
        })
final class AdministratorCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "which command? See 'parley administrator --help'.");
    }

    /** {@code administrator list}. */
    @Command(name = "list", mixinStandardHelpOptions = true, description = "Lists the administrators.")
    static final class List_ extends DatabaseCommand {
        @Override
        void run(Database database, BrokerConfig settings) {
            for (Administrator one : new JdbcAdministrators(database).list()) {
                out().printf("%-32s %-10s %s%n", one.name(), one.role().word(), state(one));
            }
        }
    }

    private static String state(Administrator one) {
        if (one.disabled()) {
            return "disabled";
        }
        if (one.passwordHash() != null) {
            return "";
        }
        return one.subject() == null ? "no password yet" : "signs in at the provider";
    }

    /** {@code administrator link}. */
    @Command(
            name = "link",
            mixinStandardHelpOptions = true,
            description = {
                "Prints a link with which an administrator sets a new password, once, within a day.",
                "It is a credential. Append it to the address of the admin plane."
            },
            footer = {"", "Example:", "  parley administrator link alice"})
    static final class Link extends DatabaseCommand {
        @Parameters(paramLabel = "NAME", description = "The administrator.")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private String name;

        @Option(names = "--create", description = "Make the administrator, if there is none of this name.")
        private boolean create;

        @Option(
                names = "--role",
                defaultValue = "viewer",
                description = "Of a new one: viewer, operator or owner. Default: ${DEFAULT-VALUE}.")
        private String role = "viewer";

        @Override
        void run(Database database, BrokerConfig settings) throws CommandFailure {
            JdbcAdministrators administrators = new JdbcAdministrators(database);
            AuditLog audit = new JdbcAuditLog(database);
            SignIn signIn = new SignIn(administrators, audit, new Passwords(), Ticker.SYSTEM);
            Optional<String> secret = audit.inTransaction(() -> {
                Optional<Administrator> found = administrators.find(name);
                if (found.isEmpty() && create) {
                    found = administrators.create(
                            Administrator.checkedName(name), Role.of(role.toLowerCase(Locale.ROOT)), null);
                    note(audit, "administrator.create", new JsonObject().put("role", role));
                }
                return found.map(administrator -> {
                    note(audit, "administrator.link", null);
                    return signIn.link(administrator);
                });
            });
            out().println("/#/link/"
                    + secret.orElseThrow(() ->
                            new CommandFailure("there is no administrator '" + name + "': add --create to make one")));
        }

        private void note(AuditLog audit, String action, @org.jspecify.annotations.Nullable JsonObject after) {
            audit.append(new AuditLog.Entry(Actor.command(), action, "administrator/" + name, null, after));
        }
    }
}
