package dev.parley.cli;

import dev.parley.auth.MasterKey;
import dev.parley.auth.SecretBox;
import dev.parley.cli.CommandAudit.Change;
import dev.parley.config.BrokerConfig;
import dev.parley.config.DatabaseConfig;
import dev.parley.store.Database;
import dev.parley.store.DatabaseServer;
import dev.parley.store.JdbcIssuers;
import dev.parley.store.Migrations;
import dev.parley.store.UnknownModelException;
import dev.parley.store.UnknownPlanException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * A command on the database of the settings, beside a running broker or without one. On an embedded database it brings the
 * schema up to date; on another that is left to {@code parley migrate}.
 */
abstract class DatabaseCommand implements Callable<Integer> {
    private static final int CONNECTIONS = 2;

    @Mixin
    private ConfigOption config = new ConfigOption();

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    /** Does the work; throws {@link CommandFailure} for what its user can put right. */
    abstract void run(Database database, BrokerConfig settings) throws Exception;

    /** What the audit log notes of this command; null for one that changes nothing, or notes it by itself. */
    @Nullable
    Change change(Database database) {
        return null;
    }

    /** Refuses options that do not fit together, before anything is opened. */
    void checkUsage() {}

    @Override
    public final Integer call() throws Exception {
        checkUsage();
        BrokerConfig settings = config.load().config();
        refuseToMakeADatabase(settings.database());
        PrintWriter err = spec.commandLine().getErr();
        try (DatabaseServer server =
                DatabaseServer.open(settings.database(), DatabaseServer.Role.COMMAND, err::println)) {
            if (server.isEmbedded()) {
                Migrations.apply(server, err::println);
            } else if (Migrations.pending(server) > 0) {
                throw new CommandFailure("the database's schema is not up to date: run 'parley migrate' first");
            }
            try (Database database = Database.open(server, settings.database().withPoolSize(CONNECTIONS))) {
                Change change = change(database);
                if (change == null) {
                    run(database, settings);
                } else {
                    CommandAudit.audited(database, change, () -> run(database, settings));
                }
            }
        }
        return 0;
    }

    final PrintWriter out() {
        return spec.commandLine().getOut();
    }

    final CommandSpec spec() {
        return spec;
    }

    static JdbcIssuers issuers(Database database, BrokerConfig settings) throws CommandFailure {
        return new JdbcIssuers(database, secretBox(settings));
    }

    static SecretBox secretBox(BrokerConfig settings) throws CommandFailure {
        try {
            return MasterKey.open(settings.auth(), settings.database().dataDir());
        } catch (IllegalStateException | UncheckedIOException e) {
            throw new CommandFailure(String.valueOf(e.getMessage()));
        }
    }

    /** Names a model or plan that does not exist: told as it is. */
    static <T> T checked(Supplier<T> change) throws CommandFailure {
        try {
            return change.get();
        } catch (UnknownModelException | UnknownPlanException e) {
            throw new CommandFailure(String.valueOf(e.getMessage()));
        }
    }

    final void refuse(@Nullable String problem) {
        if (problem != null) {
            throw new ParameterException(spec.commandLine(), problem);
        }
    }

    /** In the wrong folder a new, empty database would only confuse. */
    private static void refuseToMakeADatabase(DatabaseConfig config) throws CommandFailure {
        Path folder = config.dataDir().toAbsolutePath().normalize();
        if (config.url() == null && !Files.isDirectory(folder.resolve("postgres"))) {
            throw new CommandFailure(
                    "there is no database in " + folder
                            + " yet: name the broker's folder (PARLEY_DATA_DIR), or run 'parley serve' or 'parley migrate' first");
        }
    }
}
