package dev.parley.store;

import dev.parley.domain.TenantId;
import dev.parley.webhook.DeliveryLog;
import dev.parley.webhook.WebhookId;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What became of deliveries, in Postgres. Throws {@link StoreException} when Postgres does not do it. Thread-safe. */
public final class JdbcDeliveryLog implements DeliveryLog {
    private final Database database;

    public JdbcDeliveryLog(Database database) {
        this.database = database;
    }

    @Override
    public List<Delivery> list(@Nullable WebhookId webhook, boolean failedOnly, @Nullable Long before, int max) {
        return database.withConnection("list deliveries", connection -> {
            try (PreparedStatement query = connection.prepareStatement("""
                    select delivery.*, event.tenant_id, event.budget, event.threshold, event.created_at,
                           case when delivered_at is not null then 'delivered'
                                when given_up_at is not null then 'given_up'
                                when last_error is not null then 'failing'
                                else 'waiting' end as state
                    from webhook_delivery as delivery join budget_event as event on event.id = delivery.event
                    where (?::text is null or webhook = ?)
                      and (not ? or delivered_at is null and last_error is not null)
                      and (?::bigint is null or delivery.id < ?::bigint)
                    order by delivery.id desc limit ?
                    """)) {
                String only = webhook == null ? null : webhook.value();
                query.setString(1, only);
                query.setString(2, only);
                query.setBoolean(3, failedOnly);
                query.setObject(4, before);
                query.setObject(5, before);
                query.setInt(6, max);
                List<Delivery> deliveries = new ArrayList<>();
                try (ResultSet rows = query.executeQuery()) {
                    while (rows.next()) {
                        deliveries.add(delivery(rows));
                    }
                }
                return deliveries;
            }
        });
    }

    @Override
    public boolean retry(long delivery) {
        return retry("id = ?", query -> query.setLong(1, delivery)) == 1;
    }

    @Override
    public int retryAll(WebhookId webhook) {
        return retry("webhook = ?", query -> query.setString(1, webhook.value()));
    }

    private int retry(String which, Binding binding) {
        return database.inTransaction("have deliveries tried again", connection -> {
            try (PreparedStatement update = connection.prepareStatement("""
                    update webhook_delivery set attempts = 0, given_up_at = null, next_attempt_at = clock_timestamp()
                    where delivered_at is null and\s""" + which)) {
                binding.on(update);
                return update.executeUpdate();
            }
        });
    }

    @FunctionalInterface
    private interface Binding {
        void on(PreparedStatement statement) throws SQLException;
    }

    private static Delivery delivery(ResultSet row) throws SQLException {
        State state = State.valueOf(row.getString("state").toUpperCase(Locale.ROOT));
        boolean open = state == State.WAITING || state == State.FAILING;
        return new Delivery(
                row.getLong("id"),
                new WebhookId(row.getString("webhook")),
                JdbcDeliveries.messageId(row.getLong("event")),
                new TenantId(row.getString("tenant_id")),
                row.getString("budget"),
                row.getInt("threshold"),
                state,
                row.getInt("attempts"),
                row.getObject("created_at", OffsetDateTime.class).toInstant(),
                open ? JdbcDeliveries.moment(row, "next_attempt_at") : null,
                JdbcDeliveries.moment(row, "delivered_at"),
                JdbcDeliveries.moment(row, "given_up_at"),
                row.getObject("last_status", Integer.class),
                row.getString("last_error"));
    }
}
