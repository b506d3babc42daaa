package dev.parley.store;

import dev.parley.auth.SecretBox;
import dev.parley.webhook.Answer;
import dev.parley.webhook.DeliveryStore;
import dev.parley.webhook.Message;
import dev.parley.webhook.SigningSecret;
import dev.parley.webhook.WebhookId;
import dev.parley.webhook.WebhookUrl;
import io.vertx.core.json.JsonObject;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deliveries to webhooks in Postgres, by its clock. Every call blocks, and throws {@link StoreException} when Postgres does not do it.
 * Thread-safe.
 */
public final class JdbcDeliveries implements DeliveryStore {
    private static final double MILLIS_PER_SECOND = 1_000;
    private static final Logger LOGGER = LoggerFactory.getLogger(JdbcDeliveries.class);

    private final Database database;
    private final SecretBox box;

    public JdbcDeliveries(Database database, SecretBox box) {
        this.database = database;
        this.box = box;
    }

    @Override
    public List<Due> take(int max, Duration lease) {
        return database.inTransaction("take deliveries to webhooks", connection -> {
            // First those that are well, then those that have waited longest. A delivery that was finished after this
            // statement began is looked at again when it is counted.
            try (PreparedStatement take = connection.prepareStatement("""
                    with free as materialized (
                        select webhook.id, next.id as delivery
                        from webhook
                        cross join lateral (
                            select id from webhook_delivery
                            where webhook = webhook.id and delivered_at is null and given_up_at is null
                              and next_attempt_at <= clock_timestamp()
                            order by next_attempt_at, id limit 1) as next
                        where enabled and (leased_until is null or leased_until <= clock_timestamp())
                        order by failures > 0, leased_until nulls first
                        limit ?
                        for no key update of webhook skip locked),
                    tried as (
                        update webhook_delivery as delivery set attempts = attempts + 1
                        from free
                        where delivery.id = free.delivery and delivered_at is null and given_up_at is null
                          and next_attempt_at <= clock_timestamp()
                        returning delivery.id, webhook, event, attempts),
                    leased as (
                        update webhook set lease = lease + 1, leased_until = clock_timestamp() + make_interval(secs => ?)
                        from tried where webhook.id = tried.webhook
                        returning webhook.id, webhook.tenant_id as owner, url, secret, lease)
                    select tried.id as delivery, attempts, webhook, url, secret, lease, owner, event.*
                    from tried join leased on leased.id = tried.webhook
                    join budget_event as event on event.id = tried.event
                    """)) {
                take.setInt(1, max);
                take.setDouble(2, lease.toMillis() / MILLIS_PER_SECOND);
                List<Due> taken = new ArrayList<>();
                try (ResultSet rows = take.executeQuery()) {
                    while (rows.next()) {
                        taken.add(due(rows));
                    }
                }
                return taken;
            }
        });
    }

    @Override
    public void finish(Due due, Answer answer, @Nullable Duration retry) {
        database.inTransaction("finish a delivery", connection -> {
            boolean ours = release(connection, due, answer);
            // Who comes late may still tell that it was delivered, but not put off what another node is at.
            return answer.isSuccess() || ours ? record(connection, due, answer, retry) : 0;
        });
    }

    @Override
    public long waiting() {
        return database.withConnection("count deliveries to webhooks", connection -> {
            try (PreparedStatement query = connection.prepareStatement(
                            "select count(*) from webhook_delivery where delivered_at is null and given_up_at is null");
                    ResultSet row = query.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        });
    }

    private static boolean release(Connection connection, Due due, Answer answer) throws SQLException {
        try (PreparedStatement update = connection.prepareStatement("""
                update webhook set leased_until = clock_timestamp(), failures = case when ? then 0 else failures + 1 end
                where id = ? and lease = ?
                """)) {
            update.setBoolean(1, answer.isSuccess());
            update.setString(2, due.webhook().value());
            update.setLong(3, due.lease());
            return update.executeUpdate() == 1;
        }
    }

    private static int record(Connection connection, Due due, Answer answer, @Nullable Duration retry)
            throws SQLException {
        try (PreparedStatement update = connection.prepareStatement("""
                update webhook_delivery set last_status = ?, last_error = ?,
                    delivered_at = case when ? then clock_timestamp() end,
                    given_up_at = case when not ? and ?::float8 is null then clock_timestamp() end,
                    next_attempt_at = clock_timestamp() + make_interval(secs => coalesce(?, 0))
                where id = ? and delivered_at is null
                """)) {
            update.setObject(1, answer.status(), Types.INTEGER);
            update.setString(2, answer.error());
            update.setBoolean(3, answer.isSuccess());
            update.setBoolean(4, answer.isSuccess());
            Double seconds = retry == null ? null : retry.toMillis() / MILLIS_PER_SECOND;
            update.setObject(5, seconds, Types.DOUBLE);
            update.setObject(6, seconds, Types.DOUBLE);
            update.setLong(7, due.id());
            return update.executeUpdate();
        }
    }

    private Due due(ResultSet row) throws SQLException {
        WebhookId webhook = new WebhookId(row.getString("webhook"));
        return new Due(
                row.getLong("delivery"),
                webhook,
                row.getLong("lease"),
                row.getInt("attempts"),
                WebhookUrl.of(row.getString("url")),
                secret(webhook, row),
                message(row));
    }

    private @Nullable SigningSecret secret(WebhookId webhook, ResultSet row) throws SQLException {
        try {
            byte[] key = box.open(JdbcWebhooks.place(webhook, row.getString("owner")), row.getBytes("secret"));
            try {
                return new SigningSecret(key);
            } finally {
                Arrays.fill(key, (byte) 0);
            }
        } catch (SecretBox.CannotOpenException | IllegalArgumentException e) {
            LOGGER.atError()
                    .addKeyValue("webhook", webhook)
                    .addKeyValue("reason", e.getMessage())
                    .log("webhook cannot be used");
            return null;
        }
    }

    private static Message message(ResultSet row) throws SQLException {
        Instant end = moment(row, "window_end");
        JsonObject data = new JsonObject()
                .put("tenant", row.getString("tenant_id"))
                .put("budget", row.getString("budget"))
                .put("unit", row.getString("unit"))
                .put("period", row.getString("period"))
                .put("subject", row.getString("subject"))
                .put("threshold", row.getInt("threshold"))
                .put("spent", row.getLong("spent"))
                .put("amount", row.getLong("amount"))
                .put("hard", row.getBoolean("hard"))
                .put("window_start", String.valueOf(moment(row, "window_start")))
                .put("window_end", end == null ? null : end.toString());
        return new Message(
                messageId(row.getLong("id")),
                Message.BUDGET_THRESHOLD_REACHED,
                row.getObject("created_at", OffsetDateTime.class).toInstant(),
                data);
    }

    /** What receivers know an event by. */
    static String messageId(long event) {
        return "evt_" + event;
    }

    static @Nullable Instant moment(ResultSet row, String column) throws SQLException {
        OffsetDateTime at = row.getObject(column, OffsetDateTime.class);
        return at == null ? null : at.toInstant();
    }
}
