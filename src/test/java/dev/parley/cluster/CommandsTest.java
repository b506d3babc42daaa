package dev.parley.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.cluster.CommandStore.Command;
import dev.parley.cluster.CommandStore.Kind;
import dev.parley.concurrent.Eventually;
import dev.parley.domain.SessionId;
import dev.parley.domain.TenantId;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CommandsTest {
    private final FakeStore store = new FakeStore();
    private final FakeControl control = new FakeControl();
    private final Commands commands = new Commands(new FakeNode(), store, control);

    @AfterEach
    void close() {
        commands.close();
    }

    @Test
    void doesWhatItIsToldAndAnswers() {
        store.waiting.put(1L, new Command(1, Kind.DRAIN, null));
        store.waiting.put(2L, new Command(2, Kind.REFRESH_TENANT, "acme"));
        commands.ring();

        awaitAnswer(1, Commands.DONE);
        awaitAnswer(2, Commands.DONE);
        assertThat(control.done).containsExactly("drain", "refresh acme");
    }

    @Test
    void beginsACommandOnceThoughItTakesLongAndItsAnswerIsLost() {
        store.answersLost = 2;
        store.waiting.put(1L, new Command(1, Kind.END_SESSION, "psn_a"));
        commands.ring();
        Eventually.holds("it has begun", () -> !control.done.isEmpty());
        commands.ring();
        commands.ring();

        control.ended.complete(true);

        awaitAnswer(1, Commands.DONE);
        assertThat(control.done).containsExactly("end psn_a");
    }

    @Test
    void saysWhyItCouldNot() {
        store.waiting.put(1L, new Command(1, Kind.REFRESH_TENANT, "Not A Tenant"));
        store.waiting.put(2L, new Command(2, Kind.END_SESSION, "psn_a"));
        control.ended.complete(false);
        commands.ring();

        awaitAnswer(2, "this node has no such session");
        assertThat(store.answers.get(1L)).startsWith("failed: ").contains("Not A Tenant");
    }

    private void awaitAnswer(long command, String answer) {
        Eventually.holds("command " + command + " is answered", () -> store.answers.containsKey(command));
        assertThat(store.answers.get(command)).isEqualTo(answer);
    }

    private static final class FakeControl implements NodeControl {
        final ConcurrentLinkedQueue<String> done = new ConcurrentLinkedQueue<>();
        final Promise<Boolean> ended = Promise.promise();

        @Override
        public Future<Boolean> endSession(SessionId session) {
            done.add("end " + session);
            return ended.future();
        }

        @Override
        public void drain() {
            done.add("drain");
        }

        @Override
        public void refresh(TenantId tenant) {
            done.add("refresh " + tenant);
        }
    }

    /** Answers can be lost after they were asked for. */
    private static final class FakeStore implements CommandStore {
        final Map<Long, Command> waiting = new ConcurrentHashMap<>();
        final Map<Long, String> answers = new ConcurrentHashMap<>();
        volatile int answersLost;

        @Override
        public List<Command> waiting(long epoch) {
            return waiting.values().stream()
                    .sorted(Comparator.comparingLong(Command::id))
                    .toList();
        }

        @Override
        @SuppressWarnings("NonAtomicVolatileUpdate") // one thread answers
        public void answer(long command, String result) {
            if (answersLost > 0) {
                answersLost--;
                throw new IllegalStateException("the database is away");
            }
            waiting.remove(command);
            answers.put(command, result);
        }
    }
}
