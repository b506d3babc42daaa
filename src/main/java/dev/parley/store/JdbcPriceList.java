package dev.parley.store;

import dev.parley.administration.PriceList;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The price book in Postgres, for who adds to it. Blocks. Thread-safe. */
public final class JdbcPriceList implements PriceList {
    private final Database database;

    public JdbcPriceList(Database database) {
        this.database = database;
    }

    @Override
    public boolean addModel(NewModel model) {
        return database.inTransaction(
                "add a model",
                connection -> Sql.update(
                                connection,
                                "insert into model (name, kind, context_tokens_max, output_tokens_max, shutdown_at)"
                                        + " values (?, ?, ?, ?, ?) on conflict do nothing",
                                model.name().value(),
                                model.kind().label(),
                                model.contextTokensMax(),
                                model.outputTokensMax(),
                                time(model.shutdownAt()))
                        == 1);
    }

    @Override
    public boolean changeShutdown(String model, long generation, @Nullable Instant shutdownAt) {
        return database.inTransaction(
                "change a model",
                connection -> Sql.update(
                                connection,
                                "update model set shutdown_at = ?, generation = generation + 1"
                                        + " where name = ? and generation = ?",
                                time(shutdownAt),
                                model,
                                generation)
                        == 1);
    }

    @Override
    public int add(String model, Instant validFrom, Map<String, Long> rates) {
        return database.inTransaction("add a price", connection -> {
            if (Sql.query(connection, "select from model where name = ? for update", _ -> true, model)
                    .isEmpty()) {
                throw new IllegalArgumentException("there is no model '" + model + "'");
            }
            List<Object> values = new ArrayList<>(List.of(model, model, validFrom.atOffset(ZoneOffset.UTC)));
            RATES.forEach(rate -> values.add(rates.getOrDefault(rate, 0L)));
            String marks = RATES.stream().map(_ -> "?").collect(Collectors.joining(", "));
            return Sql.query(
                            connection,
                            "insert into price (model, version, valid_from, " + String.join(", ", RATES)
                                    + ") values (?, (select coalesce(max(version), 0) + 1 from price where model = ?), ?, "
                                    + marks + ") on conflict do nothing returning version",
                            row -> row.getInt("version"),
                            values.toArray())
                    .stream()
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("there is a price from this very time already"));
        });
    }

    private static @Nullable OffsetDateTime time(@Nullable Instant at) {
        return at == null ? null : at.atOffset(ZoneOffset.UTC);
    }
}
