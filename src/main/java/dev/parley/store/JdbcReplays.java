package dev.parley.store;

import dev.parley.administration.Replays;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Answers to requests with an idempotency key, kept for a day. Blocks. Thread-safe. */
public final class JdbcReplays implements Replays {
    private final Database database;

    public JdbcReplays(Database database) {
        this.database = database;
    }

    @Override
    public Optional<Replay> claim(String actor, String key, byte[] request) {
        return database.inTransaction("claim an idempotency key", connection -> {
            Sql.update(connection, "delete from idempotent_answer where created_at < now() - interval '1 day'");
            int claimed = Sql.update(
                    connection,
                    "insert into idempotent_answer (actor, key, request, status) values (?, ?, ?, 0) on conflict do nothing",
                    actor,
                    key,
                    request);
            if (claimed == 1) {
                return Optional.empty();
            }
            return Sql.query(
                            connection,
                            "select request, status, answer from idempotent_answer where actor = ? and key = ?",
                            row -> new Replay(
                                    Arrays.equals(row.getBytes("request"), request),
                                    row.getInt("status"),
                                    row.getString("answer")),
                            actor,
                            key)
                    .stream()
                    .findFirst();
        });
    }

    @Override
    public void keep(String actor, String key, int status, @Nullable String answer) {
        database.withConnection(
                "keep an idempotent answer",
                connection -> Sql.update(
                        connection,
                        "update idempotent_answer set status = ?, answer = ? where actor = ? and key = ?",
                        status,
                        answer,
                        actor,
                        key));
    }
}
