package dev.parley.store;

import dev.parley.domain.ModelKind;
import dev.parley.domain.ModelName;
import dev.parley.ledger.PriceBook.PricedModel;
import dev.parley.ledger.PriceCatalogue;
import dev.parley.ledger.Rates;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The catalogue and its price book in Postgres. Blocks. Thread-safe. */
public final class JdbcPrices {
    private final Database database;

    public JdbcPrices(Database database) {
        this.database = database;
    }

    /** @throws StoreException when Postgres cannot be read */
    public PriceCatalogue read() {
        return database.withConnection("read the price book", connection -> {
            try (PreparedStatement query = connection.prepareStatement("""
                            select name, kind, context_tokens_max, output_tokens_max, shutdown_at, version, valid_from,
                                   text_in_nano, text_cached_nano, text_out_nano, audio_in_nano, audio_cached_nano,
                                   audio_out_nano, image_in_nano, image_cached_nano, minute_nano
                            from model
                            join price on price.model = model.name
                            """);
                    ResultSet rows = query.executeQuery()) {
                List<PriceCatalogue.Version> versions = new ArrayList<>();
                while (rows.next()) {
                    versions.add(version(rows));
                }
                return new PriceCatalogue(versions, aliases(connection));
            }
        });
    }

    private static Map<ModelName, ModelName> aliases(Connection connection) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement("select alias, model from model_alias");
                ResultSet rows = query.executeQuery()) {
            Map<ModelName, ModelName> aliases = new HashMap<>();
            while (rows.next()) {
                aliases.put(new ModelName(rows.getString("alias")), new ModelName(rows.getString("model")));
            }
            return aliases;
        }
    }

    private static PriceCatalogue.Version version(ResultSet row) throws SQLException {
        PricedModel model = new PricedModel(
                new ModelName(row.getString("name")),
                ModelKind.of(row.getString("kind")),
                row.getInt("version"),
                row.getLong("context_tokens_max"),
                row.getInt("output_tokens_max"),
                rates(row));
        OffsetDateTime shutdown = row.getObject("shutdown_at", OffsetDateTime.class);
        return new PriceCatalogue.Version(
                model,
                row.getObject("valid_from", OffsetDateTime.class).toInstant(),
                shutdown == null ? null : shutdown.toInstant());
    }

    private static Rates rates(ResultSet row) throws SQLException {
        return new Rates(
                row.getLong("text_in_nano"),
                row.getLong("text_cached_nano"),
                row.getLong("text_out_nano"),
                row.getLong("audio_in_nano"),
                row.getLong("audio_cached_nano"),
                row.getLong("audio_out_nano"),
                row.getLong("image_in_nano"),
                row.getLong("image_cached_nano"),
                row.getLong("minute_nano"));
    }
}
