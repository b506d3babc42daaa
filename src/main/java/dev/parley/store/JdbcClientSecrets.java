package dev.parley.store;

import dev.parley.auth.Binding;
import dev.parley.auth.Caller;
import dev.parley.auth.ClientSecrets;
import dev.parley.auth.SecretVerifier;
import dev.parley.domain.ModelKind;
import dev.parley.domain.ModelName;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Collection;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Client secrets in Postgres. Expiry is by the database's clock. Blocks. Thread-safe. */
public final class JdbcClientSecrets implements ClientSecrets {
    private final Database database;

    public JdbcClientSecrets(Database database) {
        this.database = database;
    }

    /** One tenant's secrets are counted one after the other. Those that expired a while ago go on the way. */
    @Override
    public Added add(byte[] hash, Caller caller) {
        return database.inTransaction("keep a client secret", connection -> {
            lock(connection, caller.tenant());
            Added room = room(connection, caller);
            if (room == Added.ADDED) {
                insert(connection, hash, caller);
            }
            return room;
        });
    }

    @Override
    public Optional<Caller> find(byte[] hash) {
        return database.withConnection("find a client secret", connection -> {
            try (PreparedStatement query = connection.prepareStatement("""
                    select id, tenant_id, subject, kind, model, session, fixed, single_use, models, output_tokens_max,
                           created_at, expires_at, made_by, made_with
                    from client_secret where hash = ? and expires_at > now()
                    """)) {
                query.setBytes(1, hash);
                try (ResultSet row = query.executeQuery()) {
                    return row.next() ? Optional.of(caller(row)) : Optional.empty();
                }
            }
        });
    }

    @Override
    public boolean use(Binding binding) {
        return database.inTransaction("use a client secret", connection -> {
            try (PreparedStatement update = connection.prepareStatement("""
                    update client_secret set used_at = now()
                    where id = ? and expires_at > now() and (used_at is null or not single_use)
                    """)) {
                update.setString(1, binding.secretId());
                return update.executeUpdate() == 1;
            }
        });
    }

    private static void lock(Connection connection, TenantId tenant) throws SQLException {
        try (PreparedStatement lock =
                connection.prepareStatement("select pg_advisory_xact_lock(hashtext('client_secret'), hashtext(?))")) {
            lock.setString(1, tenant.value());
            lock.executeQuery().close();
        }
    }

    private static Added room(Connection connection, Caller caller) throws SQLException {
        try (PreparedStatement clean = connection.prepareStatement(
                        "delete from client_secret where tenant_id = ? and expires_at < now() - interval '1 hour'");
                PreparedStatement count = connection.prepareStatement("""
                        select count(*), count(*) filter (where subject = ?)
                        from client_secret where tenant_id = ? and expires_at > now()
                        """)) {
            clean.setString(1, caller.tenant().value());
            clean.executeUpdate();
            count.setString(1, caller.subject().value());
            count.setString(2, caller.tenant().value());
            try (ResultSet row = count.executeQuery()) {
                row.next();
                if (row.getInt(1) >= TENANT_MAX) {
                    return Added.TENANT_FULL;
                }
                return row.getInt(2) >= SUBJECT_MAX ? Added.SUBJECT_FULL : Added.ADDED;
            }
        }
    }

    private static void insert(Connection connection, byte[] hash, Caller caller) throws SQLException {
        Binding binding = caller.binding();
        if (binding == null) {
            throw new IllegalArgumentException("a caller by secret is bound");
        }
        try (PreparedStatement insert = connection.prepareStatement("""
                insert into client_secret (id, hash, tenant_id, subject, kind, model, session, fixed, single_use, models,
                                           output_tokens_max, created_at, expires_at, made_by, made_with)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)) {
            ModelName model = binding.model();
            Set<ModelName> models = caller.models();
            insert.setString(1, binding.secretId());
            insert.setBytes(2, hash);
            insert.setString(3, caller.tenant().value());
            insert.setString(4, caller.subject().value());
            insert.setString(5, binding.kind().label());
            insert.setString(6, model == null ? null : model.value());
            insert.setString(7, binding.session());
            insert.setArray(8, texts(connection, binding.fixed()));
            insert.setBoolean(9, binding.singleUse());
            insert.setArray(
                    10,
                    models == null
                            ? null
                            : texts(
                                    connection,
                                    models.stream().map(ModelName::value).toList()));
            if (caller.outputTokensMax().isPresent()) {
                insert.setInt(11, caller.outputTokensMax().getAsInt());
            } else {
                insert.setNull(11, Types.INTEGER);
            }
            insert.setObject(12, caller.issuedAt().atOffset(ZoneOffset.UTC));
            insert.setObject(13, caller.expiresAt().atOffset(ZoneOffset.UTC));
            insert.setString(14, binding.maker().issuer());
            insert.setString(15, binding.maker().tokenId());
            insert.executeUpdate();
        }
    }

    private static Caller caller(ResultSet row) throws SQLException {
        String model = row.getString("model");
        Set<String> models = strings(row.getArray("models"));
        Integer outputTokensMax = row.getObject("output_tokens_max", Integer.class);
        Set<String> fixed = strings(row.getArray("fixed"));
        return new Caller(
                new TenantId(row.getString("tenant_id")),
                new SubjectId(row.getString("subject")),
                SecretVerifier.ISSUER,
                row.getString("id"),
                row.getObject("created_at", OffsetDateTime.class).toInstant(),
                row.getObject("expires_at", OffsetDateTime.class).toInstant(),
                models == null ? null : models.stream().map(ModelName::new).collect(Collectors.toUnmodifiableSet()),
                outputTokensMax == null ? OptionalInt.empty() : OptionalInt.of(outputTokensMax),
                false,
                new Binding(
                        row.getString("id"),
                        row.getBoolean("single_use"),
                        ModelKind.of(row.getString("kind")),
                        model == null ? null : new ModelName(model),
                        row.getString("session"),
                        fixed == null ? Set.of() : fixed,
                        new Binding.Maker(row.getString("made_by"), row.getString("made_with"))));
    }

    private static Array texts(Connection connection, Collection<String> values) throws SQLException {
        return connection.createArrayOf("text", values.toArray());
    }

    private static @Nullable Set<String> strings(@Nullable Array array) throws SQLException {
        return array == null ? null : Set.copyOf(Arrays.asList((String[]) array.getArray()));
    }
}
