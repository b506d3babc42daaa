package dev.parley.store;

import dev.parley.ledger.LedgerStore;
import dev.parley.ledger.UsageEntry;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Usage entries in Postgres: one insert of a whole group and what it settles, in one transaction. Blocks. Thread-safe. */
public final class JdbcLedgerStore implements LedgerStore {
    /** What a column holds of an entry. */
    record Column(String name, String type, Function<UsageEntry, @Nullable Object> value) {}

    private static final List<Column> COLUMNS = List.of(
            new Column("tenant_id", "text", entry -> entry.tenant().value()),
            new Column("entry_id", "uuid", entry -> entry.id()),
            new Column("period", "int", entry -> entry.period()),
            new Column("subject", "text", entry -> text(entry.subject().value())),
            new Column("session_id", "text", entry -> text(entry.session().value())),
            new Column("upstream_session", "text", entry -> text(entry.upstreamSession())),
            new Column("reference", "text", entry -> text(entry.reference())),
            new Column("work", "text", entry -> lower(entry.work())),
            new Column("kind", "text", entry -> lower(entry.kind())),
            new Column("node", "text", entry -> text(entry.node())),
            new Column("account", "text", entry -> text(entry.account())),
            new Column("model_asked", "text", entry -> text(entry.modelAsked().value())),
            new Column(
                    "model_resolved",
                    "text",
                    entry -> text(entry.modelResolved().value())),
            new Column("model_reported", "text", entry -> reported(entry)),
            new Column("status", "text", entry -> text(entry.status())),
            new Column("text_in", "bigint", entry -> entry.tokens().textIn()),
            new Column("audio_in", "bigint", entry -> entry.tokens().audioIn()),
            new Column("image_in", "bigint", entry -> entry.tokens().imageIn()),
            new Column("cached_text", "bigint", entry -> entry.tokens().cachedText()),
            new Column("cached_audio", "bigint", entry -> entry.tokens().cachedAudio()),
            new Column("cached_image", "bigint", entry -> entry.tokens().cachedImage()),
            new Column("text_out", "bigint", entry -> entry.tokens().textOut()),
            new Column("audio_out", "bigint", entry -> entry.tokens().audioOut()),
            new Column("reasoning_out", "bigint", entry -> entry.tokens().reasoningOut()),
            new Column("millis", "bigint", entry -> entry.millis()),
            new Column("price_version", "int", entry -> entry.priceVersion()),
            new Column("cost_nano", "bigint", entry -> entry.cost().value()),
            new Column("event_time", "timestamptz", entry -> time(entry.eventTime())),
            new Column("reserved_at", "timestamptz", entry -> time(entry.reservedAt())),
            new Column("charged", "text", entry -> charged(entry)));

    private static final String INSERT = insertStatement();

    private final Database database;
    /** Months that are known to have their partition. */
    private final Set<Integer> partitions = ConcurrentHashMap.newKeySet();

    public JdbcLedgerStore(Database database) {
        this.database = database;
    }

    static List<Column> columns() {
        return COLUMNS;
    }

    @Override
    public Outcome insert(List<UsageEntry> entries) {
        try {
            entries.stream().map(UsageEntry::period).distinct().forEach(this::ensurePartition);
            database.inTransaction("write usage entries", connection -> {
                Set<Key> written = insert(connection, entries);
                if (written.size() < entries.size()) {
                    written.addAll(bookedLate(connection));
                }
                settle(connection, entries, written);
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

    /** Each column is one array, so that a group of any size is one statement, and one that is prepared once. */
    private static String insertStatement() {
        String names = COLUMNS.stream().map(Column::name).collect(Collectors.joining(", "));
        String values = COLUMNS.stream()
                .map(column -> column.name().equals("charged") ? "charged::bigint[]" : column.name())
                .collect(Collectors.joining(", "));
        String arrays =
                COLUMNS.stream().map(column -> "?::" + column.type() + "[]").collect(Collectors.joining(", "));
        return "insert into usage_entry (" + names + ") select " + values + " from unnest(" + arrays + ") as entry ("
                + names + ") on conflict do nothing returning tenant_id, entry_id, period";
    }

    private static Set<Key> insert(Connection connection, List<UsageEntry> entries) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(INSERT)) {
            int at = 0;
            for (Column column : COLUMNS) {
                Object[] values = entries.stream().map(column.value()).toArray();
                insert.setArray(++at, connection.createArrayOf(column.type(), values));
            }
            try (ResultSet rows = insert.executeQuery()) {
                return keys(rows);
            }
        }
    }

    /** The database puts an entry whose period is closed into the next open one. */
    private static Set<Key> bookedLate(Connection connection) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement(
                        "select tenant_id, entry_id, period from late_entry where xid = pg_current_xact_id()");
                ResultSet rows = query.executeQuery()) {
            return keys(rows);
        }
    }

    private static Set<Key> keys(ResultSet rows) throws SQLException {
        Set<Key> keys = new HashSet<>();
        while (rows.next()) {
            keys.add(new Key(rows.getString(1), rows.getObject(2, UUID.class), rows.getInt(3)));
        }
        return keys;
    }

    /** Only what was written now is charged: a retry finds its rows, and has charged them. */
    private static void settle(Connection connection, List<UsageEntry> entries, Set<Key> written) throws SQLException {
        SortedMap<Long, Long> amounts = new TreeMap<>();
        for (UsageEntry entry : entries) {
            if (written.remove(new Key(entry.tenant().value(), entry.id(), entry.period()))) {
                entry.charges().forEach(charge -> amounts.merge(charge.grant(), charge.amount(), Math::addExact));
            }
        }
        if (amounts.isEmpty()) {
            return;
        }
        try (PreparedStatement call = connection.prepareStatement("select settle_grants(?, ?)")) {
            call.setArray(1, connection.createArrayOf("bigint", amounts.keySet().toArray()));
            call.setArray(2, connection.createArrayOf("bigint", amounts.values().toArray()));
            call.execute();
        }
    }

    private record Key(String tenant, UUID entry, int period) {}

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    private static OffsetDateTime time(Instant at) {
        return at.atOffset(ZoneOffset.UTC);
    }

    private static @Nullable String reported(UsageEntry entry) {
        return entry.modelReported() == null ? null : text(entry.modelReported().value());
    }

    private static String charged(UsageEntry entry) {
        return entry.charges().stream()
                .map(charge -> Long.toString(charge.balance()))
                .collect(Collectors.joining(",", "{", "}"));
    }

    /** Postgres' text holds no zero character; a client's odd subject or id must not keep its usage out of the ledger. */
    private static @Nullable String text(@Nullable String value) {
        return value == null || value.indexOf('\0') < 0 ? value : value.replace('\0', '\uFFFD');
    }
}
