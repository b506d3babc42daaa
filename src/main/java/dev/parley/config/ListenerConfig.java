package dev.parley.config;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * One listener. TLS is on when both PEM files are named; they are read again when they change.
 *
 * @param port 0 takes a free one
 */
public record ListenerConfig(
        String host,
        int port,
        @Nullable Path tlsCertificate,
        @Nullable Path tlsKey) {
    public boolean tls() {
        return tlsCertificate != null && tlsKey != null;
    }
}
