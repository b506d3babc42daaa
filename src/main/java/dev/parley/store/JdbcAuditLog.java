package dev.parley.store;

import dev.parley.administration.AuditLog;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The audit log in Postgres, see {@code V300__administration.sql}. Blocks. Thread-safe. */
public final class JdbcAuditLog implements AuditLog {
    private static final long PIECE = 5_000;

    private final Database database;

    public JdbcAuditLog(Database database) {
        this.database = database;
    }

    @Override
    public <T> T inTransaction(Supplier<T> work) {
        return database.inTransaction("change and audit", _ -> work.get());
    }

    @Override
    public void append(Entry entry) {
        database.withConnection(
                "append to the audit log",
                connection -> Sql.query(
                        connection,
                        "select append_audit(?, ?, ?, ?, ?, ?) as no",
                        row -> row.getLong("no"),
                        entry.actor().name(),
                        entry.actor().address(),
                        entry.action(),
                        entry.target(),
                        text(entry.before()),
                        text(entry.after())));
    }

    @Override
    public Checkpoint checkpoint() {
        return end("select no, encode(hash, 'hex') as hash from audit_head");
    }

    @Override
    public List<String> problems(@Nullable Checkpoint known) {
        List<String> problems = new ArrayList<>();
        Checkpoint head = checkpoint();
        Checkpoint last = last();
        for (long from = 1; from <= last.no(); from += PIECE) {
            problems.addAll(piece(from, Math.min(last.no(), from + PIECE - 1)));
        }
        if (head.no() > last.no()) {
            problems.add("the log ends at entry " + last.no() + ", but " + head.no() + " were written");
        } else if (head.no() < last.no() || !head.hash().equals(last.hash())) {
            Checkpoint now = last(); // one may have been appended between the two looks
            if (!checkpoint().equals(now)) {
                problems.add("the log's end is not the one that was written last");
            }
        }
        if (known != null) {
            agrees(known, last, problems);
        }
        return problems;
    }

    private void agrees(Checkpoint known, Checkpoint last, List<String> problems) {
        if (known.no() > last.no()) {
            problems.add("the log ends at entry " + last.no() + ", but the checkpoint knows entry " + known.no());
        } else if (known.no() > 0
                && !hash(known.no()).filter(known.hash()::equals).isPresent()) {
            problems.add("entry " + known.no() + " is not the one that the checkpoint knows");
        }
    }

    private List<String> piece(long from, long to) {
        return database.withConnection(
                "verify the audit log",
                connection -> Sql.query(
                        connection,
                        "select problem from audit_problems(?, ?)",
                        row -> row.getString("problem"),
                        from,
                        to));
    }

    private Checkpoint last() {
        return end("select no, encode(hash, 'hex') as hash from audit_entry order by no desc limit 1");
    }

    private Checkpoint end(String sql) {
        return database.withConnection(
                "read the audit log's end",
                connection ->
                        Sql.query(connection, sql, row -> new Checkpoint(row.getLong("no"), row.getString("hash")))
                                .stream()
                                .findFirst()
                                .orElse(new Checkpoint(0, "")));
    }

    private Optional<String> hash(long no) {
        return database.withConnection(
                "read an audit entry",
                connection -> Sql.query(
                                connection,
                                "select encode(hash, 'hex') as hash from audit_entry where no = ?",
                                row -> row.getString("hash"),
                                no)
                        .stream()
                        .findFirst());
    }

    private static @Nullable String text(@Nullable JsonObject object) {
        return object == null ? null : object.encode();
    }
}
