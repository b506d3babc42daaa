package dev.parley.chaos;

import dev.parley.domain.ModelName;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.TokenUsage;
import dev.parley.ledger.PriceCatalogue;
import dev.parley.simulator.Booking;
import dev.parley.simulator.Books;
import dev.parley.simulator.Usage;
import dev.parley.store.Database;
import dev.parley.store.JdbcPrices;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The ledger held against what clients saw complete and what the provider booked.
 *
 * @param seen responses that a client saw complete
 * @param rows rows of the ledger
 * @param booked responses that the provider completed
 * @param seenWithoutRow seen, and not in the ledger
 * @param doubled in the ledger more than once
 * @param unbooked in the ledger, and unknown to the provider
 * @param wrongCost rows whose cost is not the booked usage at the price book's price
 * @param completedWithoutRow completed by the provider, and not in the ledger: lost with a killed broker before they were told
 * @param ledgerCost sum of the ledger
 * @param bookedCost sum of the books, of the responses in the ledger
 */
record Audit(
        int seen,
        int rows,
        int booked,
        Set<String> seenWithoutRow,
        Set<String> doubled,
        Set<String> unbooked,
        Set<String> wrongCost,
        Set<String> completedWithoutRow,
        NanoUsd ledgerCost,
        NanoUsd bookedCost) {

    static Audit of(Database database, Books books, Set<String> seen) {
        PriceCatalogue prices = new JdbcPrices(database).read();
        Map<String, Booking> booked = new TreeMap<>();
        books.responses().forEach(booking -> booked.put(booking.id(), booking));
        Map<String, List<NanoUsd>> ledger = ledger(database);
        NanoUsd ledgerCost = NanoUsd.ZERO;
        NanoUsd bookedCost = NanoUsd.ZERO;
        Set<String> doubled = new TreeSet<>();
        Set<String> wrongCost = new TreeSet<>();
        for (Map.Entry<String, List<NanoUsd>> row : ledger.entrySet()) {
            for (NanoUsd cost : row.getValue()) {
                ledgerCost = ledgerCost.plus(cost);
            }
            if (row.getValue().size() > 1) {
                doubled.add(row.getKey());
            }
            Booking booking = booked.get(row.getKey());
            if (booking != null) {
                NanoUsd cost = cost(prices, booking);
                bookedCost = bookedCost.plus(cost);
                if (!row.getValue().getFirst().equals(cost)) {
                    wrongCost.add(row.getKey() + " " + row.getValue() + " instead of " + cost + " " + booking.status());
                }
            }
        }
        Set<String> completed = new TreeSet<>();
        booked.values().stream()
                .filter(booking -> booking.status().equals("completed"))
                .forEach(booking -> completed.add(booking.id()));
        return new Audit(
                seen.size(),
                ledger.values().stream().mapToInt(List::size).sum(),
                completed.size(),
                minus(seen, ledger.keySet()),
                doubled,
                minus(ledger.keySet(), booked.keySet()),
                wrongCost,
                minus(completed, ledger.keySet()),
                ledgerCost,
                bookedCost);
    }

    @Override
    public String toString() {
        return "%d seen complete, %d rows, %d completed upstream; seen without row %d, doubled %d, rows without response %d, wrong cost %d, completed but neither told nor recorded %d; ledger %s, books %s"
                .formatted(
                        seen,
                        rows,
                        booked,
                        seenWithoutRow.size(),
                        doubled.size(),
                        unbooked.size(),
                        wrongCost.size(),
                        completedWithoutRow.size(),
                        ledgerCost,
                        bookedCost);
    }

    private static Map<String, List<NanoUsd>> ledger(Database database) {
        return database.withConnection("read the ledger", connection -> {
            try (PreparedStatement query = connection.prepareStatement("select reference, cost_nano from usage_entry");
                    ResultSet rows = query.executeQuery()) {
                Map<String, List<NanoUsd>> ledger = new TreeMap<>();
                while (rows.next()) {
                    ledger.computeIfAbsent(rows.getString("reference"), _ -> new ArrayList<>())
                            .add(new NanoUsd(rows.getLong("cost_nano")));
                }
                return ledger;
            }
        });
    }

    private static NanoUsd cost(PriceCatalogue prices, Booking booking) {
        Usage usage = booking.usage();
        TokenUsage tokens = new TokenUsage(
                usage.input().text(),
                usage.input().audio(),
                usage.input().image(),
                usage.cached().text(),
                usage.cached().audio(),
                usage.cached().image(),
                usage.output().text(),
                usage.output().audio(),
                usage.reasoning());
        return prices.find(new ModelName(booking.model()), Instant.now())
                .orElseThrow()
                .cost(tokens);
    }

    private static Set<String> minus(Set<String> all, Set<String> without) {
        Set<String> rest = new TreeSet<>(all);
        rest.removeAll(without);
        return rest;
    }
}
