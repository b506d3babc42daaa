package dev.parley.cli;

import dev.parley.cluster.CommandStore.Kind;
import dev.parley.config.BrokerConfig;
import dev.parley.config.Units;
import dev.parley.domain.TenantId;
import dev.parley.store.Database;
import dev.parley.store.JdbcNodes;
import dev.parley.store.JdbcNodes.NodeRow;
import dev.parley.store.JdbcTenants;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code parley node …}: the brokers on one database, from the shell. */
@Command(
        name = "node",
        mixinStandardHelpOptions = true,
        description = "Shows and steers the broker processes on this database.",
        subcommands = {NodeCommand.List_.class, NodeCommand.Drain.class, NodeCommand.Refresh.class},
        footer = {"", "Examples:", "  parley node list", "  parley node drain eu-1 --wait"})
final class NodeCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "which command? See 'parley node --help'.");
    }

    /** {@code node list}. */
    @Command(
            name = "list",
            mixinStandardHelpOptions = true,
            description = "Lists the living nodes, and those that ended within a day.")
    static final class List_ extends DatabaseCommand {
        private static final String ROW = "%-24s %8s %-10s %9s %9s  %-22s %s";

        @Option(names = "--json", description = "Print a JSON array.")
        private boolean json;

        @Override
        void run(Database database, BrokerConfig settings) {
            List<NodeRow> nodes = new JdbcNodes(database).list();
            if (json) {
                JsonArray array = new JsonArray();
                nodes.forEach(node -> array.add(json(node)));
                out().println(array.encodePrettily());
                return;
            }
            out().println(ROW.formatted("NODE", "EPOCH", "STATE", "SESSIONS", "HEARTBEAT", "ADDRESS", "VERSION"));
            for (NodeRow node : nodes) {
                out().println(ROW.formatted(
                        node.name(),
                        node.epoch(),
                        state(node),
                        node.sessions(),
                        Units.show(Duration.ofSeconds(node.silence().toSeconds())),
                        node.address(),
                        node.version()));
            }
        }

        private static JsonObject json(NodeRow node) {
            return new JsonObject()
                    .put("name", node.name())
                    .put("epoch", node.epoch())
                    .put("state", state(node))
                    .put("sessions", node.sessions())
                    .put("started_at", node.startedAt().toString())
                    .put("heartbeat_age_millis", node.silence().toMillis())
                    .put("address", node.address())
                    .put("version", node.version());
        }

        private static String state(NodeRow node) {
            if (!node.alive()) {
                return node.ended();
            }
            return node.draining() ? "draining" : "serving";
        }
    }

    /** {@code node drain}. */
    @Command(
            name = "drain",
            mixinStandardHelpOptions = true,
            description = {
                "Has a node take no new sessions and end those it has, as SIGTERM does: running responses finish until",
                "session.drain-timeout, sockets close with 1012, spread over time. The process goes on until it is stopped."
            },
            footer = {"", "Example:", "  parley node drain eu-1 --wait --timeout 5m"})
    static final class Drain extends DatabaseCommand {
        @Parameters(paramLabel = "NAME", description = "The node, as 'parley node list' names it.")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private String name;

        @Option(names = "--wait", description = "Return when its last session has ended.")
        private boolean wait;

        @Option(
                names = "--timeout",
                paramLabel = "DURATION",
                defaultValue = "5m",
                description = "How long to wait. Default: ${DEFAULT-VALUE}.")
        private Duration timeout = Duration.ofMinutes(5);

        @Override
        void run(Database database, BrokerConfig settings) throws CommandFailure {
            NodeOrders orders = new NodeOrders(database);
            NodeRow node = orders.living(name);
            CommandAudit.note(database, "node.drain", "node/" + name);
            orders.order(name, node.epoch(), Kind.DRAIN, null);
            if (!wait) {
                out().println("node '" + name + "' drains");
                return;
            }
            if (!NodeOrders.waited(timeout, () -> sessions(orders, node) == 0)) {
                throw new CommandFailure("node '" + name + "' still has " + sessions(orders, node) + " sessions");
            }
            out().println("node '" + name + "' is drained");
        }

        private static int sessions(NodeOrders orders, NodeRow wanted) {
            return orders.living().stream()
                    .filter(node -> node.epoch() == wanted.epoch())
                    .mapToInt(NodeRow::sessions)
                    .sum();
        }
    }

    /** {@code node refresh}. */
    @Command(
            name = "refresh",
            mixinStandardHelpOptions = true,
            description = {
                "Has every node read a tenant's settings now, and returns when all have. Nodes see changes within a second by",
                "themselves; this is for knowing that they have."
            },
            footer = {"", "Example:", "  parley node refresh acme"})
    static final class Refresh extends DatabaseCommand {
        @Parameters(paramLabel = "TENANT", description = "The tenant.")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private TenantId tenant;

        @Override
        void run(Database database, BrokerConfig settings) throws CommandFailure {
            if (new JdbcTenants(database).find(tenant).isEmpty()) {
                throw TenantFailures.unknown(tenant);
            }
            NodeOrders orders = new NodeOrders(database);
            for (NodeRow node : orders.living()) {
                orders.order(node.name(), node.epoch(), Kind.REFRESH_TENANT, tenant.value());
                out().println("node '" + node.name() + "' has the settings of '" + tenant + "'");
            }
        }
    }
}
