package dev.parley.store;

import dev.parley.ledger.UsageEntry;
import java.sql.PreparedStatement;
import java.sql.Statement;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What the ledger's writer is measured against: JDBC's batched insert of the same columns into a plain table with the same
 * primary key, and nothing else. Blocks.
 */
public final class PlainInsert {
    private final Database database;
    private final String insert;

    /** Makes the table. */
    public PlainInsert(Database database) {
        this.database = database;
        String names = JdbcLedgerStore.columns().stream()
                .map(JdbcLedgerStore.Column::name)
                .collect(Collectors.joining(", "));
        String values = JdbcLedgerStore.columns().stream().map(_ -> "?").collect(Collectors.joining(", "));
        this.insert = "insert into plain_usage (" + names + ") values (" + values + ")";
        database.withConnection("make a plain table", connection -> {
            try (Statement statement = connection.createStatement()) {
                statement.execute("create table plain_usage (like usage_entry including defaults)");
                statement.execute("alter table plain_usage alter column charged type text");
                return statement.execute("alter table plain_usage add primary key (tenant_id, entry_id, period)");
            }
        });
    }

    /** One batch in one transaction. */
    public void insert(List<UsageEntry> entries) {
        database.inTransaction("insert a batch", connection -> {
            try (PreparedStatement statement = connection.prepareStatement(insert)) {
                for (UsageEntry entry : entries) {
                    int at = 0;
                    for (JdbcLedgerStore.Column column : JdbcLedgerStore.columns()) {
                        statement.setObject(++at, column.value().apply(entry));
                    }
                    statement.addBatch();
                }
                return statement.executeBatch();
            }
        });
    }
}
