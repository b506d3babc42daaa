package dev.parley.store;

import dev.parley.administration.AccountRegister;
import dev.parley.auth.SecretBox;
import dev.parley.config.AccountConfig;
import dev.parley.config.AccountConfig.Profile;
import dev.parley.config.ModelNames;
import dev.parley.config.Secret;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Upstream accounts in Postgres; keys leave this class decrypted and enter it so. Blocks. */
public final class JdbcAccounts implements AccountRegister {
    private static final String TABLE = "upstream_account";
    private static final String OWNER = "upstream";
    private static final Logger LOGGER = LoggerFactory.getLogger(JdbcAccounts.class);

    private final Database database;
    private final SecretBox box;

    public JdbcAccounts(Database database, SecretBox box) {
        this.database = database;
        this.box = box;
    }

    /**
     * All that nodes need to know.
     *
     * @param accounts those that can be used
     * @param reopenings how often each account was reopened, by name, those of the settings too
     * @param none whether there is no account, not even one that cannot be used
     */
    public record State(List<AccountConfig> accounts, Map<String, Long> reopenings, boolean none) {
        public State {
            accounts = List.copyOf(accounts);
            reopenings = Map.copyOf(reopenings);
        }
    }

    /** Reads everything; an account whose key does not open is left out, and logged. */
    public State read() {
        return database.withConnection(
                "read upstream accounts",
                connection -> new State(accounts(connection), reopenings(connection), none(connection)));
    }

    @Override
    public boolean add(AccountConfig account) {
        return database.inTransaction("add an upstream account", connection -> {
            try (PreparedStatement insert = connection.prepareStatement("""
                    insert into upstream_account
                        (name, profile, url, secret, organization, project, models, weight, sessions_max)
                    values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (name) do nothing
                    """)) {
                insert.setString(1, account.name());
                insert.setString(2, account.profile().label());
                insert.setString(3, account.url().toString());
                insert.setBytes(4, sealed(account.name(), 1, account.apiKey()));
                insert.setString(5, account.organization());
                insert.setString(6, account.project());
                insert.setString(7, ModelNames.show(account.models()));
                insert.setInt(8, account.weight());
                insert.setInt(9, account.sessionsMax());
                return insert.executeUpdate() == 1;
            }
        });
    }

    @Override
    public Outcome replaceKey(String name, long generation, Secret key) {
        return ifUnchanged("replace the key of an upstream account", name, generation, () -> replaceKey(name, key));
    }

    /** Gives an account another key, whoever has changed it; false if there is no such account. */
    public boolean replaceKey(String name, Secret key) {
        return database.inTransaction("replace the key of an upstream account", connection -> {
            int version = nextSecretVersion(connection, name);
            if (version == 0) {
                return false;
            }
            try (PreparedStatement update = connection.prepareStatement("""
                    update upstream_account set secret = ?, secret_version = ?, changed_at = now(),
                        generation = generation + 1
                    where name = ?
                    """)) {
                update.setBytes(1, sealed(name, version, key));
                update.setInt(2, version);
                update.setString(3, name);
                return update.executeUpdate() == 1;
            }
        });
    }

    @Override
    public Outcome remove(String name, long generation) {
        return ifUnchanged("remove an upstream account", name, generation, () -> remove(name));
    }

    /** Removes an account with its key, whoever has changed it; false if there was none. */
    public boolean remove(String name) {
        return database.inTransaction("remove an upstream account", connection -> {
            try (PreparedStatement delete =
                    connection.prepareStatement("delete from upstream_account where name = ?")) {
                delete.setString(1, name);
                return delete.executeUpdate() == 1;
            }
        });
    }

    @Override
    public void reopen(String name) {
        database.inTransaction("reopen an upstream account", connection -> {
            try (PreparedStatement upsert = connection.prepareStatement("""
                    insert into upstream_reopening (account, times) values (?, 1)
                    on conflict (account) do update
                    set times = upstream_reopening.times + 1, last_time = now()
                    """)) {
                upsert.setString(1, name);
                return upsert.executeUpdate();
            }
        });
    }

    @Override
    public List<Listed> list() {
        return database.withConnection(
                "list upstream accounts", connection -> Sql.query(connection, """
                select name, profile, url, organization, project, models, weight, sessions_max, drained, generation,
                       secret is not null as has_key, created_at, changed_at
                from upstream_account order by name
                """, JdbcAccounts::listed));
    }

    @Override
    public Outcome change(String name, long generation, UnaryOperator<Use> change) {
        return ifUnchanged("change an upstream account", name, generation, () -> {
            Listed old = list().stream()
                    .filter(listed -> listed.account().name().equals(name))
                    .findFirst()
                    .orElseThrow();
            AccountConfig account = old.account();
            return use(
                    name,
                    change.apply(new Use(account.models(), account.weight(), account.sessionsMax(), old.drained())));
        });
    }

    private boolean use(String name, Use use) {
        return database.inTransaction(
                "change an upstream account",
                connection -> Sql.update(
                                connection,
                                """
                                update upstream_account set models = ?, weight = ?, sessions_max = ?, drained = ?,
                                    changed_at = now(), generation = generation + 1
                                where name = ?
                                """,
                                ModelNames.show(use.models()),
                                use.weight(),
                                use.sessionsMax(),
                                use.drained(),
                                name)
                        == 1);
    }

    /** Works on an account whose row nobody else can change meanwhile. */
    private Outcome ifUnchanged(String doing, String name, long generation, BooleanSupplier work) {
        return database.inTransaction(doing, connection -> {
            Optional<Long> now = Sql.generation(connection, TABLE, "name", name);
            if (now.isEmpty()) {
                return Outcome.UNKNOWN;
            }
            return now.get() == generation && work.getAsBoolean() ? Outcome.CHANGED : Outcome.OUTDATED;
        });
    }

    private static Listed listed(ResultSet rows) throws SQLException {
        String models = rows.getString("models");
        AccountConfig account = new AccountConfig(
                rows.getString("name"),
                Profile.valueOf(rows.getString("profile").toUpperCase(Locale.ROOT)),
                URI.create(rows.getString("url")),
                null,
                rows.getString("organization"),
                rows.getString("project"),
                null,
                models.isEmpty() ? Map.of() : ModelNames.parse(models),
                rows.getInt("weight"),
                rows.getInt("sessions_max"));
        return new Listed(
                account,
                rows.getBoolean("has_key"),
                rows.getBoolean("drained"),
                rows.getLong("generation"),
                rows.getObject("created_at", OffsetDateTime.class).toInstant(),
                rows.getObject("changed_at", OffsetDateTime.class).toInstant());
    }

    private List<AccountConfig> accounts(Connection connection) throws SQLException {
        List<AccountConfig> accounts = new ArrayList<>();
        try (PreparedStatement select = connection.prepareStatement("""
                select name, profile, url, secret, secret_version, organization, project, models, weight, sessions_max
                from upstream_account where not drained order by name
                """);
                ResultSet rows = select.executeQuery()) {
            while (rows.next()) {
                AccountConfig account = account(rows);
                if (account != null) {
                    accounts.add(account);
                }
            }
        }
        return accounts;
    }

    private static boolean none(Connection connection) throws SQLException {
        try (PreparedStatement select =
                        connection.prepareStatement("select not exists (select from upstream_account)");
                ResultSet row = select.executeQuery()) {
            row.next();
            return row.getBoolean(1);
        }
    }

    private static Map<String, Long> reopenings(Connection connection) throws SQLException {
        Map<String, Long> reopenings = new HashMap<>();
        try (PreparedStatement select = connection.prepareStatement("select account, times from upstream_reopening");
                ResultSet rows = select.executeQuery()) {
            while (rows.next()) {
                reopenings.put(rows.getString(1), rows.getLong(2));
            }
        }
        return reopenings;
    }

    private @Nullable AccountConfig account(ResultSet rows) throws SQLException {
        String name = rows.getString("name");
        try {
            String models = rows.getString("models");
            return new AccountConfig(
                    name,
                    Profile.valueOf(rows.getString("profile").toUpperCase(Locale.ROOT)),
                    URI.create(rows.getString("url")),
                    opened(name, rows.getInt("secret_version"), rows.getBytes("secret")),
                    rows.getString("organization"),
                    rows.getString("project"),
                    null,
                    models.isEmpty() ? Map.of() : ModelNames.parse(models),
                    rows.getInt("weight"),
                    rows.getInt("sessions_max"));
        } catch (SecretBox.CannotOpenException | IllegalArgumentException e) {
            LOGGER.atError()
                    .addKeyValue("account", name)
                    .addKeyValue("reason", e.getMessage())
                    .log("upstream account cannot be read, it is not used");
            return null;
        }
    }

    private byte @Nullable [] sealed(String name, int version, @Nullable Secret key) {
        return key == null ? null : box.seal(place(name, version), key.reveal().getBytes(StandardCharsets.UTF_8));
    }

    private @Nullable Secret opened(String name, int version, byte @Nullable [] sealed) {
        if (sealed == null) {
            return null;
        }
        byte[] key = box.open(place(name, version), sealed);
        try {
            return new Secret(new String(key, StandardCharsets.UTF_8));
        } finally {
            Arrays.fill(key, (byte) 0);
        }
    }

    private static int nextSecretVersion(Connection connection, String name) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(
                "select secret_version + 1 from upstream_account where name = ? for update")) {
            select.setString(1, name);
            try (ResultSet rows = select.executeQuery()) {
                return rows.next() ? rows.getInt(1) : 0;
            }
        }
    }

    private static SecretBox.Place place(String name, int version) {
        return new SecretBox.Place(TABLE, OWNER, name, version);
    }
}
