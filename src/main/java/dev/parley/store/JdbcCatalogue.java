package dev.parley.store;

import dev.parley.administration.ModelAliases;
import dev.parley.domain.ModelName;
import dev.parley.ledger.PriceChange;
import dev.parley.ledger.PriceOffer.PriceClass;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Changes to the catalogue and its price book, all or none of them. Blocks. Thread-safe. */
public final class JdbcCatalogue implements ModelAliases {
    private final Database database;

    public JdbcCatalogue(Database database) {
        this.database = database;
    }

    /**
     * Adds models, versions of prices and dates; what was priced before stays as it is.
     *
     * @param validFrom of the new versions
     */
    public void apply(List<PriceChange> changes, Instant validFrom) {
        var _ = database.inTransaction("change the price book", connection -> {
            for (PriceChange change : changes) {
                model(connection, change);
                if (!change.differences().isEmpty()) {
                    price(connection, change, validFrom);
                }
            }
            return changes.size();
        });
    }

    @Override
    public Map<ModelName, ModelName> aliases() {
        return database.withConnection("read the aliases", connection -> {
            try (PreparedStatement query =
                            connection.prepareStatement("select alias, model from model_alias order by alias");
                    ResultSet rows = query.executeQuery()) {
                Map<ModelName, ModelName> aliases = new LinkedHashMap<>();
                while (rows.next()) {
                    aliases.put(new ModelName(rows.getString("alias")), new ModelName(rows.getString("model")));
                }
                return aliases;
            }
        });
    }

    @Override
    public boolean alias(ModelName alias, ModelName model) {
        return database.inTransaction("set an alias", connection -> {
            try (PreparedStatement insert = connection.prepareStatement("""
                    insert into model_alias (alias, model)
                    select ?, name from model where name = ? and name <> ?
                    on conflict (alias) do update set model = excluded.model
                    """)) {
                insert.setString(1, alias.value());
                insert.setString(2, model.value());
                insert.setString(3, alias.value());
                return insert.executeUpdate() == 1;
            }
        });
    }

    @Override
    public boolean removeAlias(ModelName alias) {
        return database.inTransaction("remove an alias", connection -> {
            try (PreparedStatement delete = connection.prepareStatement("delete from model_alias where alias = ?")) {
                delete.setString(1, alias.value());
                return delete.executeUpdate() == 1;
            }
        });
    }

    private static void model(Connection connection, PriceChange change) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement("""
                insert into model (name, kind, context_tokens_max, output_tokens_max, shutdown_at)
                values (?, ?, ?, ?, ?)
                on conflict (name) do update set shutdown_at = excluded.shutdown_at
                """)) {
            insert.setString(1, change.offer().name().value());
            insert.setString(2, change.offer().kind().label());
            insert.setLong(3, change.rates().timeBilled() ? 0 : change.offer().contextTokensMax());
            insert.setInt(4, change.rates().timeBilled() ? 0 : change.offer().outputTokensMax());
            insert.setObject(5, time(change.shutdownAt()));
            insert.executeUpdate();
        }
    }

    private static void price(Connection connection, PriceChange change, Instant validFrom) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement("""
                insert into price (model, version, valid_from, text_in_nano, text_cached_nano, text_out_nano,
                                   audio_in_nano, audio_cached_nano, audio_out_nano, image_in_nano, image_cached_nano,
                                   minute_nano)
                select ?, coalesce(max(version), 0) + 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? from price where model = ?
                """)) {
            int at = 1;
            insert.setString(at++, change.offer().name().value());
            insert.setObject(at++, time(validFrom));
            for (PriceClass one : PriceClass.values()) {
                insert.setLong(at++, one.of(change.rates()));
            }
            insert.setString(at, change.offer().name().value());
            insert.executeUpdate();
        }
    }

    private static @Nullable OffsetDateTime time(@Nullable Instant at) {
        return at == null ? null : at.atOffset(ZoneOffset.UTC);
    }
}
