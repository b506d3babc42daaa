package dev.parley.bench;

import dev.parley.ledger.Ledger;
import dev.parley.ledger.LedgerWriter;
import dev.parley.ledger.UsageEntry;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Commits entries from an event loop, as sessions do: as many at once as there are places. On its event loop. */
final class Producer {
    private static final long DEADLINE_MINUTES = 5;

    private final LedgerWriter writer;
    private final List<UsageEntry> entries;
    private final Promise<Void> done = Promise.promise();
    private int sent;
    private int committed;

    private Producer(LedgerWriter writer, List<UsageEntry> entries) {
        this.writer = writer;
        this.entries = entries;
    }

    /** Returns when all are committed. Blocks. */
    static void write(Vertx vertx, LedgerWriter writer, List<UsageEntry> entries) throws BenchException {
        Producer producer = new Producer(writer, entries);
        vertx.runOnContext(_ -> producer.fill());
        try {
            Future<Void> future = producer.done.future();
            future.await(DEADLINE_MINUTES, TimeUnit.MINUTES);
        } catch (TimeoutException e) {
            throw new BenchException("the entries were not committed in " + DEADLINE_MINUTES + " minutes");
        }
    }

    private void fill() {
        while (sent < entries.size()) {
            Optional<Ledger.Place> place = writer.claim();
            if (place.isEmpty()) {
                return;
            }
            place.get().commit(entries.get(sent++)).onComplete(outcome -> {
                if (outcome.failed()) {
                    done.tryFail(outcome.cause());
                } else if (++committed == entries.size()) {
                    done.tryComplete();
                } else {
                    fill();
                }
            });
        }
    }
}
