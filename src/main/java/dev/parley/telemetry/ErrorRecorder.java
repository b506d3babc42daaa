package dev.parley.telemetry;

import dev.parley.domain.SessionId;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what went wrong where an operator finds it: one row an error, by tenant, session and code. Never blocks; when too
 * many wait to be written, further ones are counted and dropped. Thread-safe.
 */
public interface ErrorRecorder {
    void record(SessionError error);

    /**
     * One error of one session.
     *
     * @param origin who failed: {@code client}, {@code upstream}, {@code broker}
     * @param code the error's code, from a bounded set wherever the broker made it
     * @param detail for operators; never conversation text, tokens or keys
     * @param closeCode the close code that the client was given, if it was closed
     */
    record SessionError(
            TenantId tenant,
            @Nullable SubjectId subject,
            @Nullable SessionId session,
            String origin,
            String code,
            String detail,
            @Nullable Integer closeCode,
            Instant at) {}
}
