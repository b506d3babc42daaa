package dev.parley.config;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Where Postgres is.
 *
 * @param url a {@code jdbc:postgresql:} or {@code postgresql:} URL; null runs the embedded one under {@code dataDir}
 * @param user null if the URL says it
 * @param password null if the URL says it
 * @param poolSize connections, fixed
 * @param acquireTimeout for a connection of the pool
 */
public record DatabaseConfig(
        @Nullable String url,
        @Nullable String user,
        @Nullable Secret password,
        Path dataDir,
        int poolSize,
        Duration acquireTimeout) {
    /** The same database with another pool. */
    public DatabaseConfig withPoolSize(int connections) {
        return new DatabaseConfig(url, user, password, dataDir, connections, acquireTimeout);
    }
}
