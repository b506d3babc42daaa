package dev.parley.session;

import dev.parley.domain.ModelName;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.SessionId;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A live session as an operator sees it.
 *
 * @param model null for a transcription session that named none
 * @param phase where the session is in its life
 * @param openResponses responses created and not yet done
 * @param spent what its committed or committing usage entries cost
 */
public record SessionSnapshot(
        SessionId id,
        TenantId tenant,
        SubjectId subject,
        @Nullable ModelName model,
        Instant startedAt,
        String phase,
        int openResponses,
        NanoUsd spent) {}
