package dev.parley.cluster;

import dev.parley.cluster.CommandStore.Command;
import dev.parley.concurrent.RepeatedFailure;
import dev.parley.concurrent.Rounds;
import dev.parley.domain.NodeIdentity;
import dev.parley.domain.SessionId;
import dev.parley.domain.TenantId;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does what this node is told: looks for commands every {@link #LOOK_EVERY}, and at once when the doorbell rings. Each
 * command is begun once in an epoch and answered as often as it takes for the answer to be committed. Thread-safe.
 */
public final class Commands implements AutoCloseable {
    static final Duration LOOK_EVERY = Duration.ofSeconds(1);
    /** What {@code parley} waits for; any other result is a reason why not. */
    public static final String DONE = "done";

    private static final Logger LOGGER = LoggerFactory.getLogger(Commands.class);

    private final NodeIdentity node;
    private final CommandStore store;
    private final NodeControl control;
    private final AtomicLong answered = new AtomicLong();
    private final Rounds rounds;

    // of the thread
    private final Map<Long, Future<String>> begun = new HashMap<>();
    private final RepeatedFailure trouble = new RepeatedFailure(LOGGER, "commands cannot be read now");

    /** Starts. */
    public Commands(NodeIdentity node, CommandStore store, NodeControl control) {
        this.node = node;
        this.store = store;
        this.control = control;
        this.rounds = new Rounds("node-commands", LOOK_EVERY, this::look);
    }

    /** Looks now. */
    public void ring() {
        rounds.ring();
    }

    /** Commands done since the start. */
    public long answered() {
        return answered.get();
    }

    @Override
    public void close() {
        rounds.close();
    }

    private void look() {
        try {
            for (Command command : store.waiting(node.epoch())) {
                if (!begun.containsKey(command.id())) {
                    begun.put(command.id(), begin(command).onComplete(_ -> ring()));
                }
            }
            answerWhatIsDone();
            trouble.over();
        } catch (RuntimeException e) {
            trouble.met(e);
        }
    }

    private Future<String> begin(Command command) {
        LOGGER.atInfo()
                .addKeyValue("command", command.id())
                .addKeyValue("kind", command.kind())
                .addKeyValue("argument", command.argument())
                .log("command");
        try {
            return switch (command.kind()) {
                case END_SESSION ->
                    control.endSession(new SessionId(argument(command)))
                            .map(found -> found ? DONE : "this node has no such session");
                case DRAIN -> {
                    control.drain();
                    yield Future.succeededFuture(DONE);
                }
                case REFRESH_TENANT -> {
                    control.refresh(new TenantId(argument(command)));
                    yield Future.succeededFuture(DONE);
                }
            };
        } catch (RuntimeException e) {
            return Future.failedFuture(e);
        }
    }

    private void answerWhatIsDone() {
        for (Iterator<Map.Entry<Long, Future<String>>> each = begun.entrySet().iterator(); each.hasNext(); ) {
            Map.Entry<Long, Future<String>> command = each.next();
            Future<String> result = command.getValue();
            if (result.isComplete()) {
                store.answer(command.getKey(), result.succeeded() ? result.result() : reason(result.cause()));
                answered.incrementAndGet();
                each.remove();
            }
        }
    }

    private static String reason(Throwable failure) {
        return "failed: " + failure.getMessage();
    }

    private static String argument(Command command) {
        return Objects.requireNonNull(command.argument(), "a command of this kind has an argument");
    }
}
