package dev.parley.store;

import dev.parley.config.DatabaseConfig;
import dev.parley.config.Secret;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The Postgres of a configuration: an external one, which is only named here, or the embedded one of the data folder,
 * which is joined, or started if nobody has, and stopped when its last user closes. Blocks; not for event loops.
 */
public final class DatabaseServer implements AutoCloseable {
    /** Who opens it. */
    public enum Role {
        /** {@code parley serve}: at most one on a data folder. */
        BROKER,
        /** A command beside it, or without it: any number. */
        COMMAND;

        /** How its connections are named in {@code pg_stat_activity}. */
        String applicationName() {
            return "parley-" + name().toLowerCase(Locale.ROOT);
        }
    }

    private final Role role;
    private final String jdbcUrl;
    private final @Nullable String user;
    private final @Nullable Secret password;
    private final @Nullable EmbeddedPostgres embedded;

    private DatabaseServer(
            Role role,
            String jdbcUrl,
            @Nullable String user,
            @Nullable Secret password,
            @Nullable EmbeddedPostgres embedded) {
        this.role = role;
        this.jdbcUrl = jdbcUrl;
        this.user = user;
        this.password = password;
        this.embedded = embedded;
    }

    /**
     * @param progress hears about slow steps of the embedded server: unpacking, preparing, starting
     * @throws StoreException saying what to do, when the URL is wrong or the embedded server cannot be had
     */
    public static DatabaseServer open(DatabaseConfig config, Role role, Progress progress) {
        String url = config.url();
        if (url == null) {
            EmbeddedPostgres server = EmbeddedPostgres.open(
                    config.dataDir(),
                    config.dataDir().toAbsolutePath().resolve("postgres"),
                    role == Role.BROKER,
                    true,
                    progress);
            return of(server, role);
        }
        PostgresUrl parsed = PostgresUrl.parse(url);
        String user = config.user() == null ? parsed.user() : config.user();
        Secret password = config.password();
        if (password == null && parsed.password() != null) {
            password = new Secret(parsed.password());
        }
        return new DatabaseServer(role, parsed.jdbcUrl(), user, password, null);
    }

    static DatabaseServer of(EmbeddedPostgres server, Role role) {
        return new DatabaseServer(role, server.jdbcUrl(), EmbeddedPostgres.USER, new Secret(server.password()), server);
    }

    /** Without credentials. */
    public String jdbcUrl() {
        return jdbcUrl;
    }

    public @Nullable String user() {
        return user;
    }

    public @Nullable Secret password() {
        return password;
    }

    Role role() {
        return role;
    }

    public boolean isEmbedded() {
        return embedded != null;
    }

    /** Leaves the embedded server; the last one out stops it. Close every {@link Database} first. */
    @Override
    public void close() {
        if (embedded != null) {
            embedded.close();
        }
    }
}
