package dev.parley.session;

import dev.parley.domain.Refusal;
import dev.parley.ledger.Ledger;
import dev.parley.ledger.UsageEntry;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A ledger in memory; commits can be held back, as when Postgres is away. */
final class FakeLedger implements Ledger {
    private final List<UsageEntry> entries = new ArrayList<>();
    private final List<Promise<Void>> waiting = new ArrayList<>();
    private int placesLeft = 1_000;
    private int placesOpen;
    private boolean away;

    List<UsageEntry> entries() {
        return List.copyOf(entries);
    }

    int placesOpen() {
        return placesOpen;
    }

    void placesLeft(int places) {
        placesLeft = places;
    }

    void goAway() {
        away = true;
    }

    void comeBack() {
        away = false;
        List.copyOf(waiting).forEach(Promise::complete);
        waiting.clear();
    }

    @Override
    public Optional<Place> claim() {
        if (placesLeft == 0) {
            return Optional.empty();
        }
        placesLeft--;
        placesOpen++;
        return Optional.of(new OnePlace());
    }

    @Override
    public Refusal full() {
        return Refusal.of(Refusal.Kind.OVERLOADED, "ledger_full", "too much usage waits to be written");
    }

    @Override
    public boolean healthy() {
        return !away;
    }

    private final class OnePlace implements Place {
        private boolean ended;

        @Override
        public Future<Void> commit(UsageEntry entry) {
            end();
            entries.add(entry);
            if (!away) {
                return Future.succeededFuture();
            }
            Promise<Void> promise = Promise.promise();
            waiting.add(promise);
            return promise.future();
        }

        @Override
        public void giveBack() {
            end();
        }

        private void end() {
            if (ended) {
                throw new IllegalStateException("a place ended twice");
            }
            ended = true;
            placesOpen--;
            placesLeft++;
        }
    }
}
