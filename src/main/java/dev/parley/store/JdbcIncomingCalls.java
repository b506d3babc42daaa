package dev.parley.store;

import dev.parley.auth.SecretBox;
import dev.parley.call.CallAddress;
import dev.parley.call.IncomingStore;
import dev.parley.domain.TenantId;
import dev.parley.webhook.SigningSecret;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Incoming calls in Postgres. Throws {@link StoreException} when Postgres does not do it. Thread-safe. */
public final class JdbcIncomingCalls implements IncomingStore {
    private static final Logger LOGGER = LoggerFactory.getLogger(JdbcIncomingCalls.class);
    private static final String TABLE = "provider_webhook_secret";
    private static final String OWNER = "upstream";

    private final Database database;
    private final SecretBox box;

    public JdbcIncomingCalls(Database database, SecretBox box) {
        this.database = database;
        this.box = box;
    }

    @Override
    public Optional<SigningSecret> secret(String account) {
        return database.withConnection(
                "read the secret of a provider's webhooks",
                connection -> Sql.query(
                                connection,
                                "select secret, version from provider_webhook_secret where account = ?",
                                row -> opened(account, row),
                                account)
                        .stream()
                        .flatMap(Optional::stream)
                        .findFirst());
    }

    @Override
    public void setSecret(String account, SigningSecret secret) {
        database.inTransaction("set the secret of a provider's webhooks", connection -> {
            int version = nextVersion(connection, account);
            byte[] key = secret.key();
            byte[] sealed = box.seal(place(account, version), key);
            Arrays.fill(key, (byte) 0);
            return Sql.update(connection, """
                    insert into provider_webhook_secret (account, secret, version) values (?, ?, ?)
                    on conflict (account) do update set secret = excluded.secret, version = excluded.version
                    """, account, sealed, version);
        });
    }

    @Override
    public boolean removeSecret(String account) {
        return changed(
                "remove the secret of a provider's webhooks",
                "delete from provider_webhook_secret where account = ?",
                account);
    }

    @Override
    public boolean first(String account, String webhookId) {
        return database.inTransaction("note a provider's webhook", connection -> {
            Sql.update(
                    connection,
                    "delete from provider_webhook where received_at < clock_timestamp() - interval '15 minutes'");
            return Sql.update(
                            connection,
                            "insert into provider_webhook (account, webhook_id) values (?, ?) on conflict do nothing",
                            account,
                            webhookId)
                    == 1;
        });
    }

    @Override
    public void forget(String account, String webhookId) {
        changed(
                "forget a provider's webhook",
                "delete from provider_webhook where account = ? and webhook_id = ?",
                account,
                webhookId);
    }

    @Override
    public Optional<TenantId> called(List<CallAddress> addresses) {
        String[] values = addresses.stream().map(CallAddress::value).toArray(String[]::new);
        return database.withConnection(
                "find who is called",
                connection ->
                        Sql.query(connection, """
                        select tenant_id from unnest(?) with ordinality as asked (value, place)
                        join call_address on address = asked.value
                        order by place limit 1
                        """, row -> new TenantId(row.getString("tenant_id")), (Object) values)
                                .stream()
                                .findFirst());
    }

    @Override
    public List<CallAddress> addresses(TenantId tenant) {
        return database.withConnection(
                "read a tenant's addresses",
                connection -> Sql.query(
                        connection,
                        "select address from call_address where tenant_id = ? order by address",
                        row -> new CallAddress(row.getString("address")),
                        tenant.value()));
    }

    @Override
    public boolean addAddress(TenantId tenant, CallAddress address) {
        return changed(
                "add an address of a tenant",
                "insert into call_address (address, tenant_id) values (?, ?) on conflict do nothing",
                address.value(),
                tenant.value());
    }

    @Override
    public boolean removeAddress(TenantId tenant, CallAddress address) {
        return changed(
                "remove an address of a tenant",
                "delete from call_address where address = ? and tenant_id = ?",
                address.value(),
                tenant.value());
    }

    private boolean changed(String doing, String sql, @Nullable Object... values) {
        return database.inTransaction(doing, connection -> Sql.update(connection, sql, values) == 1);
    }

    private static int nextVersion(Connection connection, String account) throws SQLException {
        return Sql.query(
                        connection,
                        "select version + 1 as next from provider_webhook_secret where account = ? for update",
                        row -> row.getInt("next"),
                        account)
                .stream()
                .findFirst()
                .orElse(1);
    }

    private Optional<SigningSecret> opened(String account, ResultSet row) throws SQLException {
        try {
            byte[] key = box.open(place(account, row.getInt("version")), row.getBytes("secret"));
            SigningSecret secret = new SigningSecret(key);
            Arrays.fill(key, (byte) 0);
            return Optional.of(secret);
        } catch (SecretBox.CannotOpenException e) {
            LOGGER.atError()
                    .addKeyValue("account", account)
                    .log("the secret of a provider's webhooks cannot be decrypted; none is taken");
            return Optional.empty();
        }
    }

    private static SecretBox.Place place(String account, int version) {
        return new SecretBox.Place(TABLE, OWNER, account, version);
    }
}
