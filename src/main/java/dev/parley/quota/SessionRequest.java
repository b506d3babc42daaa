package dev.parley.quota;

import dev.parley.domain.ModelName;
import dev.parley.domain.SessionId;
import dev.parley.domain.SubjectId;
import dev.parley.tenancy.Tenant;
import org.jspecify.annotations.Nullable;

/**
 * A session that asks to be let in.
 *
 * @param tenant its settings now
 * @param model null for a transcription session that named none
 */
public record SessionRequest(
        SessionId session,
        Tenant tenant,
        SubjectId subject,
        @Nullable ModelName model) {}
