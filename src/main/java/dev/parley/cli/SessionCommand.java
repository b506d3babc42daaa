package dev.parley.cli;

import dev.parley.cluster.CommandStore.Kind;
import dev.parley.config.BrokerConfig;
import dev.parley.domain.SessionId;
import dev.parley.domain.TenantId;
import dev.parley.store.Database;
import dev.parley.store.JdbcSessions;
import dev.parley.store.JdbcSessions.SessionRow;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code parley session …}: live sessions on any node, from the shell. */
@Command(
        name = "session",
        mixinStandardHelpOptions = true,
        description = "Shows and ends live sessions, on whichever node they are.",
        subcommands = {SessionCommand.List_.class, SessionCommand.End.class},
        footer = {"", "Examples:", "  parley session list --tenant acme", "  parley session end psn_mE3…"})
final class SessionCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "which command? See 'parley session --help'.");
    }

    /** {@code session list}. */
    @Command(name = "list", mixinStandardHelpOptions = true, description = "Lists live sessions, the oldest first.")
    static final class List_ extends DatabaseCommand {
        private static final String ROW = "%-28s %-20s %-20s %-26s %-20s %s";

        @Option(names = "--tenant", paramLabel = "NAME", description = "Only this tenant's.")
        private @Nullable TenantId tenant;

        @Option(
                names = "--limit",
                paramLabel = "N",
                defaultValue = "1000",
                description = "At most so many. Default: ${DEFAULT-VALUE}.")
        private int limit = 1_000;

        @Option(names = "--json", description = "Print a JSON array.")
        private boolean json;

        @Override
        void run(Database database, BrokerConfig settings) {
            List<SessionRow> sessions = new JdbcSessions(database).list(tenant, limit);
            if (json) {
                JsonArray array = new JsonArray();
                sessions.forEach(session -> array.add(json(session)));
                out().println(array.encodePrettily());
                return;
            }
            out().println(ROW.formatted("SESSION", "TENANT", "SUBJECT", "MODEL", "NODE", "STARTED"));
            for (SessionRow session : sessions) {
                out().println(ROW.formatted(
                        session.session(),
                        session.tenant(),
                        printable(session.subject().value()),
                        session.model() == null ? "-" : session.model(),
                        session.node(),
                        session.startedAt().truncatedTo(ChronoUnit.SECONDS)));
            }
        }

        /** A subject is whatever the tenant's token says; it must not steer the terminal. */
        private static String printable(String text) {
            return text.replaceAll("\\p{C}", "?");
        }

        private static JsonObject json(SessionRow session) {
            return new JsonObject()
                    .put("id", session.session().value())
                    .put("tenant", session.tenant().value())
                    .put("subject", session.subject().value())
                    .put(
                            "model",
                            session.model() == null ? null : session.model().value())
                    .put("node", session.node())
                    .put("started_at", session.startedAt().toString());
        }
    }

    /** {@code session end}. */
    @Command(
            name = "end",
            mixinStandardHelpOptions = true,
            description =
                    "Ends a session now (4403); what it used is settled. The client is told, and may start another.")
    static final class End extends DatabaseCommand {
        @Parameters(paramLabel = "ID", description = "The session, as 'parley session list' names it.")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private String id;

        @Override
        void run(Database database, BrokerConfig settings) throws CommandFailure {
            SessionRow session = new JdbcSessions(database)
                    .find(new SessionId(id))
                    .orElseThrow(() ->
                            new CommandFailure("there is no live session '" + id + "': see 'parley session list'"));
            CommandAudit.note(database, "session.end", "session/" + id);
            new NodeOrders(database).order(session.node(), session.epoch(), Kind.END_SESSION, id);
            out().println("session '" + id + "' is ended");
        }
    }
}
