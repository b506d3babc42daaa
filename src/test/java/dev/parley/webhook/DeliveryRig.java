package dev.parley.webhook;

import dev.parley.auth.MasterKey;
import dev.parley.auth.SecretBox;
import dev.parley.concurrent.Eventually;
import dev.parley.concurrent.Ticker;
import dev.parley.config.AuthConfig;
import dev.parley.domain.TenantId;
import dev.parley.store.JdbcDeliveries;
import dev.parley.store.JdbcWebhooks;
import dev.parley.store.TestDatabase;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Nodes that deliver, on one database, round by round as the test says. */
final class DeliveryRig implements AutoCloseable {
    final Vertx vertx = Vertx.vertx();
    final TestDatabase db;
    final SecretBox box;
    final JdbcWebhooks webhooks;
    final JdbcDeliveries deliveries;
    final Receiver receiver = new Receiver(vertx);
    private final List<Receiver> receivers = new ArrayList<>(List.of(receiver));
    private final List<Deliverer> nodes = new ArrayList<>();

    DeliveryRig(TestDatabase db, Path folder) {
        this.db = db;
        this.box = box(folder);
        this.webhooks = new JdbcWebhooks(db.database(), box);
        this.deliveries = new JdbcDeliveries(db.database(), box);
        db.execute("truncate webhook_delivery, webhook, budget_event, tenant cascade");
        db.execute("insert into tenant (id, name) values ('acme', 'Acme'), ('globex', 'Globex')");
    }

    static SecretBox box(Path folder) {
        return MasterKey.open(
                new AuthConfig("parley", Duration.ofHours(1), Duration.ZERO, null, false, Duration.ofSeconds(10)),
                folder);
    }

    Deliverer node() {
        return node(deliveries);
    }

    Deliverer node(DeliveryStore store) {
        Deliverer node = new Deliverer(store, new Sender(vertx, true, Ticker.SYSTEM), Ticker.SYSTEM, new Random(7));
        nodes.add(node);
        return node;
    }

    Receiver anotherReceiver() {
        Receiver another = new Receiver(vertx);
        receivers.add(another);
        return another;
    }

    /** A webhook of all tenants at the first receiver. */
    WebhookId webhook(SigningSecret secret) {
        return webhooks.add(null, receiver.url(), secret);
    }

    WebhookId webhook(@Nullable String tenant, WebhookUrl url) {
        return webhooks.add(tenant == null ? null : new TenantId(tenant), url, SigningSecret.random());
    }

    /** A threshold that a tenant's budget has passed. */
    void event(String tenant, int threshold) {
        db.execute("""
                insert into budget_event (tenant_id, budget, unit, period, subject, threshold, spent, amount, hard,
                                          window_start, window_end, created_at)
                values ('%s', 'main', 'money', 'day', null, %d, 4611686018427387905, 9007199254740993, true,
                        '2026-11-21T00:00:00Z', '2026-11-22T00:00:00Z', '2026-11-21T08:30:00.125Z')
                """.formatted(tenant, threshold));
    }

    /** Has a node do rounds until the condition holds. */
    void roundsUntil(String what, Deliverer node, BooleanSupplier condition) {
        Eventually.holds(what, () -> {
            node.round();
            return condition.getAsBoolean();
        });
    }

    /** Turns the database's clock, as deliveries see it, on to when all of them are due. */
    void turnToNextAttempt() {
        db.execute("update webhook_delivery set next_attempt_at = clock_timestamp()");
    }

    void turnToEndOfLeases() {
        db.execute("update webhook set leased_until = clock_timestamp()");
    }

    String query(String sql) {
        return db.query(sql);
    }

    @Override
    public void close() {
        receivers.forEach(Receiver::close);
        Eventually.result(vertx.close());
    }
}
