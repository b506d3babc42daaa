package dev.parley.store;

import dev.parley.auth.Algorithm;
import dev.parley.auth.Issuer;
import dev.parley.auth.IssuerDirectory;
import dev.parley.auth.KeySource;
import dev.parley.auth.SecretBox;
import dev.parley.domain.TenantId;
import java.net.URI;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Issuers, revoked tokens and the broker's key in Postgres; secrets leave this class decrypted and enter it so. */
public final class JdbcIssuers implements IssuerDirectory {
    private static final String ISSUER_TABLE = "token_issuer";
    private static final String BROKER_TABLE = "broker_key";
    private static final String BROKER_KEY = "1";
    private static final Logger LOGGER = LoggerFactory.getLogger(JdbcIssuers.class);

    private final Database database;
    private final SecretBox box;

    public JdbcIssuers(Database database, SecretBox box) {
        this.database = database;
        this.box = box;
    }

    @Override
    public Changes changesSince(long version) {
        return database.withConnection("read issuers", connection -> {
            long newest = newestVersion(connection);
            List<Issuer> issuers = new ArrayList<>();
            List<String> removed = new ArrayList<>();
            List<Revocation> revocations = new ArrayList<>();
            if (newest != version) {
                readIssuers(connection, version, issuers, removed);
                readRevocations(connection, version, revocations);
            }
            return new Changes(newest, issuers, removed, revocations);
        });
    }

    @Override
    public byte[] brokerSecret(byte[] candidate) {
        SecretBox.Place place = new SecretBox.Place(BROKER_TABLE, Issuer.BROKER, BROKER_KEY, 1);
        byte[] sealed = database.inTransaction("read the broker's key", connection -> {
            try (PreparedStatement insert = connection.prepareStatement("""
                    insert into broker_key (id, secret) values (?, ?) on conflict (id) do nothing
                    """)) {
                insert.setString(1, BROKER_KEY);
                insert.setBytes(2, box.seal(place, candidate));
                insert.executeUpdate();
            }
            try (PreparedStatement select = connection.prepareStatement("select secret from broker_key where id = ?")) {
                select.setString(1, BROKER_KEY);
                try (ResultSet rows = select.executeQuery()) {
                    rows.next();
                    return rows.getBytes(1);
                }
            }
        });
        return box.open(place, sealed);
    }

    @Override
    public void add(Issuer issuer) {
        boolean added = database.inTransaction("add an issuer", connection -> {
            // First the lock: whoever else changes this issuer waits here.
            long version = nextVersion(connection);
            int secretVersion = lastSecretVersion(connection, issuer.name()) + 1;
            try (PreparedStatement insert = connection.prepareStatement("""
                    insert into token_issuer
                        (name, tenant_id, source, algorithms, secret, secret_version, public_key, jwks_url, version)
                    values (?, ?, ?, ?, ?, ?, ?, ?, ?)
                    on conflict (name) do update set
                        tenant_id = excluded.tenant_id, source = excluded.source, algorithms = excluded.algorithms,
                        secret = excluded.secret, secret_version = excluded.secret_version,
                        public_key = excluded.public_key, jwks_url = excluded.jwks_url,
                        version = excluded.version, created_at = now(), removed_at = null
                    where token_issuer.removed_at is not null
                    """)) {
                bind(connection, insert, issuer, secretVersion, version);
                return insert.executeUpdate() == 1;
            }
        });
        if (!added) {
            throw new IssuerTakenException(issuer.name());
        }
    }

    @Override
    public boolean remove(TenantId tenant, String name) {
        return database.inTransaction("remove an issuer", connection -> {
            long version = nextVersion(connection);
            try (PreparedStatement update = connection.prepareStatement("""
                    update token_issuer set removed_at = now(), secret = null, version = ?
                    where tenant_id = ? and name = ? and removed_at is null
                    """)) {
                update.setLong(1, version);
                update.setString(2, tenant.value());
                update.setString(3, name);
                return update.executeUpdate() == 1;
            }
        });
    }

    @Override
    public List<Listed> list(TenantId tenant) {
        return database.withConnection("list issuers", connection -> {
            try (PreparedStatement select = connection.prepareStatement("""
                    select name, source, algorithms, coalesce(jwks_url, public_key, '') as detail, created_at
                    from token_issuer where tenant_id = ? and removed_at is null order by name
                    """)) {
                select.setString(1, tenant.value());
                List<Listed> listed = new ArrayList<>();
                try (ResultSet rows = select.executeQuery()) {
                    while (rows.next()) {
                        listed.add(new Listed(
                                rows.getString("name"),
                                rows.getString("source"),
                                List.copyOf(algorithms(rows)),
                                rows.getString("detail"),
                                rows.getObject("created_at", OffsetDateTime.class)
                                        .toInstant()));
                    }
                }
                return listed;
            }
        });
    }

    @Override
    public void revoke(TenantId tenant, String tokenId, Instant expiresAt) {
        database.inTransaction("revoke a token", connection -> {
            long version = nextVersion(connection);
            try (PreparedStatement insert = connection.prepareStatement("""
                    insert into revoked_token (tenant_id, token_id, expires_at, version) values (?, ?, ?, ?)
                    on conflict (tenant_id, token_id) do update set
                        expires_at = greatest(revoked_token.expires_at, excluded.expires_at), version = excluded.version
                    """)) {
                insert.setString(1, tenant.value());
                insert.setString(2, tokenId);
                insert.setObject(3, expiresAt.atOffset(ZoneOffset.UTC));
                insert.setLong(4, version);
                insert.executeUpdate();
            }
            // A day late, in case the clocks of nodes differ.
            try (PreparedStatement delete = connection.prepareStatement(
                    "delete from revoked_token where expires_at < now() - interval '1 day'")) {
                return delete.executeUpdate();
            }
        });
    }

    private void readIssuers(Connection connection, long version, List<Issuer> issuers, List<String> removed)
            throws SQLException {
        try (PreparedStatement select = connection.prepareStatement("""
                select name, tenant_id, source, algorithms, secret, secret_version, public_key, jwks_url, removed_at
                from token_issuer where version > ? order by version
                """)) {
            select.setLong(1, version);
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    Issuer issuer = rows.getObject("removed_at") == null ? issuer(rows) : null;
                    if (issuer == null) {
                        removed.add(rows.getString("name"));
                    } else {
                        issuers.add(issuer);
                    }
                }
            }
        }
    }

    /** Null if the row cannot be used: then the issuer's tokens are refused, and all others go on. */
    private @Nullable Issuer issuer(ResultSet rows) throws SQLException {
        String name = rows.getString("name");
        String tenant = rows.getString("tenant_id");
        try {
            return new Issuer(name, new TenantId(tenant), keySource(rows, tenant, name));
        } catch (SecretBox.CannotOpenException | IllegalArgumentException e) {
            LOGGER.atError()
                    .addKeyValue("tenant", tenant)
                    .addKeyValue("issuer", name)
                    .addKeyValue("reason", e.getMessage())
                    .log("issuer cannot be read, its tokens are refused");
            return null;
        }
    }

    private KeySource keySource(ResultSet rows, String tenant, String name) throws SQLException {
        return switch (rows.getString("source")) {
            case "hs256" -> {
                byte[] secret = box.open(place(tenant, name, rows.getInt("secret_version")), rows.getBytes("secret"));
                try {
                    yield new KeySource.SharedSecret(secret);
                } finally {
                    Arrays.fill(secret, (byte) 0);
                }
            }
            case "key" -> new KeySource.PublicKeyPem(rows.getString("public_key"));
            default -> new KeySource.JwksUrl(URI.create(rows.getString("jwks_url")), algorithms(rows));
        };
    }

    private static void readRevocations(Connection connection, long version, List<Revocation> revocations)
            throws SQLException {
        try (PreparedStatement select = connection.prepareStatement("""
                select tenant_id, token_id, expires_at from revoked_token
                where version > ? and expires_at > now() - interval '1 hour'
                """)) {
            select.setLong(1, version);
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    revocations.add(new Revocation(
                            new TenantId(rows.getString("tenant_id")),
                            rows.getString("token_id"),
                            rows.getObject("expires_at", OffsetDateTime.class).toInstant()));
                }
            }
        }
    }

    private void bind(Connection connection, PreparedStatement insert, Issuer issuer, int secretVersion, long version)
            throws SQLException {
        KeySource keys = issuer.keys();
        insert.setString(1, issuer.name());
        insert.setString(2, issuer.tenant().value());
        insert.setString(3, sourceName(keys));
        insert.setArray(
                4,
                connection.createArrayOf(
                        "text",
                        keys.algorithms().stream()
                                .map(Algorithm::wireName)
                                .sorted()
                                .toArray()));
        insert.setBytes(
                5,
                keys instanceof KeySource.SharedSecret shared
                        ? box.seal(place(issuer.tenant().value(), issuer.name(), secretVersion), shared.secret())
                        : null);
        insert.setInt(6, secretVersion);
        insert.setString(7, keys instanceof KeySource.PublicKeyPem key ? key.pem() : null);
        insert.setString(8, keys instanceof KeySource.JwksUrl jwks ? jwks.url().toString() : null);
        insert.setLong(9, version);
    }

    private static String sourceName(KeySource keys) {
        return switch (keys) {
            case KeySource.SharedSecret _ -> "hs256";
            case KeySource.PublicKeyPem _ -> "key";
            case KeySource.JwksUrl _ -> "jwks";
        };
    }

    private static SecretBox.Place place(String tenant, String name, int secretVersion) {
        return new SecretBox.Place(ISSUER_TABLE, tenant, name, secretVersion);
    }

    private static Set<Algorithm> algorithms(ResultSet rows) throws SQLException {
        Array names = rows.getArray("algorithms");
        return Stream.of((String[]) names.getArray())
                .flatMap(name -> Algorithm.ofWireName(name).stream())
                .collect(Collectors.toUnmodifiableSet());
    }

    private static int lastSecretVersion(Connection connection, String name) throws SQLException {
        try (PreparedStatement select =
                connection.prepareStatement("select secret_version from token_issuer where name = ?")) {
            select.setString(1, name);
            try (ResultSet rows = select.executeQuery()) {
                return rows.next() ? rows.getInt(1) : 0;
            }
        }
    }

    private static long nextVersion(Connection connection) throws SQLException {
        return version(connection, "update identity_version set version = version + 1 returning version");
    }

    private static long newestVersion(Connection connection) throws SQLException {
        return version(connection, "select version from identity_version");
    }

    private static long version(Connection connection, String sql) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql);
                ResultSet rows = statement.executeQuery()) {
            rows.next();
            return rows.getLong(1);
        }
    }
}
