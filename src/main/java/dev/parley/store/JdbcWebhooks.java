package dev.parley.store;

import dev.parley.auth.SecretBox;
import dev.parley.domain.TenantId;
import dev.parley.webhook.SigningSecret;
import dev.parley.webhook.WebhookId;
import dev.parley.webhook.WebhookRegister;
import dev.parley.webhook.WebhookUrl;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Webhooks in Postgres. Throws {@link StoreException} when Postgres does not do it. Thread-safe. */
public final class JdbcWebhooks implements WebhookRegister {
    private static final String TABLE = "webhook";
    private static final String ALL_TENANTS = "*";

    private final Database database;
    private final SecretBox box;

    public JdbcWebhooks(Database database, SecretBox box) {
        this.database = database;
        this.box = box;
    }

    /** What a secret is bound to. */
    static SecretBox.Place place(WebhookId webhook, @Nullable String tenant) {
        return new SecretBox.Place(TABLE, tenant == null ? ALL_TENANTS : tenant, webhook.value(), 1);
    }

    @Override
    public WebhookId add(@Nullable TenantId tenant, WebhookUrl url, SigningSecret secret) {
        WebhookId id = WebhookId.random();
        String owner = tenant == null ? null : tenant.value();
        byte[] key = secret.key();
        byte[] sealed = box.seal(place(id, owner), key);
        Arrays.fill(key, (byte) 0);
        database.inTransaction("add a webhook", connection -> {
            try (PreparedStatement insert = connection.prepareStatement(
                    "insert into webhook (id, tenant_id, url, secret) values (?, ?, ?, ?)")) {
                insert.setString(1, id.value());
                insert.setString(2, owner);
                insert.setString(3, url.uri().toString());
                insert.setBytes(4, sealed);
                return insert.executeUpdate();
            }
        });
        return id;
    }

    @Override
    public List<Webhook> list() {
        return database.withConnection("list webhooks", connection -> {
            try (PreparedStatement query = connection.prepareStatement("""
                            select id, tenant_id, url, enabled, failures, created_at,
                                   (select count(*) from webhook_delivery
                                    where webhook = webhook.id and delivered_at is null and given_up_at is null) as waiting
                            from webhook order by created_at, id
                            """);
                    ResultSet rows = query.executeQuery()) {
                List<Webhook> webhooks = new ArrayList<>();
                while (rows.next()) {
                    webhooks.add(webhook(rows));
                }
                return webhooks;
            }
        });
    }

    @Override
    public Optional<Target> target(WebhookId id) {
        return database.withConnection("read a webhook", connection -> {
            try (PreparedStatement query =
                    connection.prepareStatement("select tenant_id, url, secret from webhook where id = ?")) {
                query.setString(1, id.value());
                try (ResultSet row = query.executeQuery()) {
                    if (!row.next()) {
                        return Optional.empty();
                    }
                    byte[] key = box.open(place(id, row.getString("tenant_id")), row.getBytes("secret"));
                    SigningSecret secret = new SigningSecret(key);
                    Arrays.fill(key, (byte) 0);
                    return Optional.of(new Target(WebhookUrl.of(row.getString("url")), secret));
                }
            }
        });
    }

    @Override
    public boolean remove(WebhookId id) {
        return changed("remove a webhook", "delete from webhook where id = ?", id);
    }

    @Override
    public boolean enable(WebhookId id) {
        return changed("enable a webhook", "update webhook set enabled = true where id = ?", id);
    }

    @Override
    public boolean disable(WebhookId id) {
        return changed("disable a webhook", "update webhook set enabled = false where id = ?", id);
    }

    private boolean changed(String doing, String sql, WebhookId id) {
        return database.inTransaction(doing, connection -> {
            try (PreparedStatement change = connection.prepareStatement(sql)) {
                change.setString(1, id.value());
                return change.executeUpdate() == 1;
            }
        });
    }

    private static Webhook webhook(ResultSet row) throws SQLException {
        String tenant = row.getString("tenant_id");
        return new Webhook(
                new WebhookId(row.getString("id")),
                tenant == null ? null : new TenantId(tenant),
                WebhookUrl.of(row.getString("url")),
                row.getBoolean("enabled"),
                row.getInt("failures"),
                row.getLong("waiting"),
                row.getObject("created_at", OffsetDateTime.class).toInstant());
    }
}
