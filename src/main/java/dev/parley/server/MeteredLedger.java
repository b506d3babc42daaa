package dev.parley.server;

import dev.parley.domain.Refusal;
import dev.parley.ledger.Ledger;
import dev.parley.ledger.UsageEntry;
import dev.parley.telemetry.Meters;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/** Counts what is committed. */
record MeteredLedger(Ledger ledger, Meters meters) implements Ledger {
    @Override
    public Optional<Place> claim() {
        return ledger.claim().map(place -> new MeteredPlace(place, meters));
    }

    @Override
    public Refusal full() {
        return ledger.full();
    }

    @Override
    public boolean healthy() {
        return ledger.healthy();
    }

    private record MeteredPlace(Place place, Meters meters) implements Place {
        @Override
        public Future<Void> commit(UsageEntry entry) {
            long from = System.nanoTime();
            return place.commit(entry)
                    .onSuccess(_ -> meters.committed(
                            entry.work().name().toLowerCase(Locale.ROOT),
                            entry.status(),
                            entry.tokens(),
                            entry.cost(),
                            Duration.ofNanos(System.nanoTime() - from)));
        }

        @Override
        public void giveBack() {
            place.giveBack();
        }
    }
}
