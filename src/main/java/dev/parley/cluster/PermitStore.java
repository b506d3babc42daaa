package dev.parley.cluster;

import dev.parley.domain.ModelName;
import dev.parley.domain.SessionId;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where permits are counted. Blocks: only for virtual threads. Every call throws when the store cannot be asked now. */
public interface PermitStore {
    /**
     * One round, all or nothing: gives sessions back, then takes new ones, each within its limits. The same round again does
     * nothing twice.
     *
     * @return an outcome for each of {@code takes}, in their order
     */
    List<Outcome> exchange(long epoch, List<Back> backs, List<Take> takes);

    /** The sessions that an epoch has had a permit for longer than {@code age}. */
    List<Back> held(long epoch, Duration age);

    /** A session that ended. */
    record Back(SessionId session, TenantId tenant) {}

    /**
     * A session that wants to begin.
     *
     * @param tenantMax sessions at once of the tenant
     * @param subjectMax sessions at once of the subject; null if it has no limit of its own
     */
    record Take(
            SessionId session,
            TenantId tenant,
            SubjectId subject,
            @Nullable ModelName model,
            int tenantMax,
            @Nullable Integer subjectMax) {}

    /** @param open the sessions of the tenant at this point of the round */
    record Outcome(Answer answer, int open) {}

    /** What became of a take. */
    enum Answer {
        TAKEN,
        TENANT_FULL,
        SUBJECT_FULL,
        /** The epoch is ended. */
        FENCED
    }
}
