package dev.parley.cli;

import dev.parley.cluster.CommandStore.Kind;
import dev.parley.cluster.Commands;
import dev.parley.store.Database;
import dev.parley.store.JdbcCommands;
import dev.parley.store.JdbcNodes;
import dev.parley.store.JdbcNodes.NodeRow;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** How commands ask nodes and wait for their answers. Blocks. */
final class NodeOrders {
    private static final Duration ANSWER_MAX = Duration.ofSeconds(10);
    private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private final JdbcNodes nodes;
    private final JdbcCommands commands;

    NodeOrders(Database database) {
        this.nodes = new JdbcNodes(database);
        this.commands = new JdbcCommands(database);
    }

    List<NodeRow> living() {
        return nodes.list().stream().filter(NodeRow::alive).toList();
    }

    NodeRow living(String name) throws CommandFailure {
        return living().stream()
                .filter(node -> node.name().equals(name))
                .findFirst()
                .orElseThrow(
                        () -> new CommandFailure("there is no living node '" + name + "': see 'parley node list'"));
    }

    /** Sends a command and waits until the node has done it. */
    void order(String node, long epoch, Kind kind, @Nullable String argument) throws CommandFailure {
        long command = commands.send(epoch, kind, argument)
                .orElseThrow(() -> new CommandFailure("node '" + node + "' has ended meanwhile"));
        if (!waited(ANSWER_MAX, () -> commands.result(command).isPresent())) {
            throw new CommandFailure("node '" + node + "' has not answered within " + ANSWER_MAX.toSeconds()
                    + " s; it does it as soon as it can, unless it is dead: see 'parley node list'");
        }
        Optional<String> result = commands.result(command);
        if (result.isPresent() && !result.get().equals(Commands.DONE)) {
            throw new CommandFailure("node '" + node + "': " + result.get());
        }
    }

    /** Waits until the condition holds; false if it did not in time. */
    static boolean waited(Duration atMost, BooleanSupplier condition) {
        long end = System.nanoTime() + atMost.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - end > 0) {
                return false;
            }
            LockSupport.parkNanos(POLL_NANOS);
        }
        return true;
    }
}
