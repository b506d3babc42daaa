package dev.parley.store;

import dev.parley.domain.TokenUsage;
import dev.parley.ledger.LedgerStore;
import dev.parley.ledger.UsageEntry;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Usage entries in Postgres: one batched insert in one transaction. Blocks. Thread-safe. */
public final class JdbcLedgerStore implements LedgerStore {
    private static final String INSERT = """
            insert into usage_entry (
                tenant_id, entry_id, period, subject, session_id, upstream_session, reference, work, kind, node,
                account, model_asked, model_resolved, model_reported, status, text_in, audio_in, image_in, cached_text,
                cached_audio, cached_image, text_out, audio_out, reasoning_out, millis, price_version, cost_nano,
                event_time)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            on conflict do nothing
            """;

    private final Database database;
    /** Months that are known to have their partition. */
    private final Set<Integer> partitions = ConcurrentHashMap.newKeySet();

    public JdbcLedgerStore(Database database) {
        this.database = database;
    }

    @Override
    public Outcome insert(List<UsageEntry> entries) {
        try {
            entries.stream().map(UsageEntry::period).distinct().forEach(this::ensurePartition);
            database.inTransaction("write usage entries", connection -> {
                insert(connection, entries);
                return entries.size();
            });
            return new Outcome.Committed();
        } catch (StoreException e) {
            String why = String.valueOf(e.getMessage());
            return e.kind() == StoreException.Kind.REJECTED_DATA
                    ? new Outcome.Rejected(why)
                    : new Outcome.Unknown(
                            why); // a wrong set-up too: the entries wait until an operator has put it right
        }
    }

    @Override
    public boolean reachable() {
        try {
            return database.withConnection("ask whether Postgres answers", connection -> {
                try (PreparedStatement query = connection.prepareStatement("select 1")) {
                    return query.execute();
                }
            });
        } catch (StoreException e) {
            return false;
        }
    }

    /** The daily upkeep makes partitions long before; this is for a clock that jumped, or a node that slept. */
    private void ensurePartition(int period) {
        if (partitions.contains(period)) {
            return;
        }
        database.withConnection("make the ledger's partition of " + period, connection -> {
            try (PreparedStatement call = connection.prepareStatement("select make_usage_partition(?)")) {
                call.setInt(1, period);
                return call.execute();
            }
        });
        partitions.add(period);
    }

    private static void insert(Connection connection, List<UsageEntry> entries) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(INSERT)) {
            for (UsageEntry entry : entries) {
                bind(insert, entry);
                insert.addBatch();
            }
            insert.executeBatch();
        }
    }

    private static void bind(PreparedStatement insert, UsageEntry entry) throws SQLException {
        int at = 0;
        insert.setString(++at, entry.tenant().value());
        insert.setObject(++at, entry.id());
        insert.setInt(++at, entry.period());
        insert.setString(++at, text(entry.subject().value()));
        insert.setString(++at, text(entry.session().value()));
        insert.setString(++at, text(entry.upstreamSession()));
        insert.setString(++at, text(entry.reference()));
        insert.setString(++at, entry.work().name().toLowerCase(Locale.ROOT));
        insert.setString(++at, entry.kind().name().toLowerCase(Locale.ROOT));
        insert.setString(++at, text(entry.node()));
        insert.setString(++at, text(entry.account()));
        insert.setString(++at, text(entry.modelAsked().value()));
        insert.setString(++at, text(entry.modelResolved().value()));
        insert.setString(
                ++at,
                entry.modelReported() == null
                        ? null
                        : text(entry.modelReported().value()));
        insert.setString(++at, text(entry.status()));
        at = bind(insert, at, entry.tokens());
        insert.setLong(++at, entry.millis());
        insert.setInt(++at, entry.priceVersion());
        insert.setLong(++at, entry.cost().value());
        insert.setObject(++at, entry.eventTime().atOffset(ZoneOffset.UTC));
    }

    private static int bind(PreparedStatement insert, int before, TokenUsage tokens) throws SQLException {
        int at = before;
        insert.setLong(++at, tokens.textIn());
        insert.setLong(++at, tokens.audioIn());
        insert.setLong(++at, tokens.imageIn());
        insert.setLong(++at, tokens.cachedText());
        insert.setLong(++at, tokens.cachedAudio());
        insert.setLong(++at, tokens.cachedImage());
        insert.setLong(++at, tokens.textOut());
        insert.setLong(++at, tokens.audioOut());
        insert.setLong(++at, tokens.reasoningOut());
        return at;
    }

    /** Postgres' text holds no zero character; a client's odd subject or id must not keep its usage out of the ledger. */
    private static @Nullable String text(@Nullable String value) {
        return value == null || value.indexOf('\0') < 0 ? value : value.replace('\0', '\uFFFD');
    }
}
