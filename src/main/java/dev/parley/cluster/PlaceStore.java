package dev.parley.cluster;

import dev.parley.domain.SessionId;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Where live sessions are found. Blocks: only for virtual threads. Every call throws when the store cannot be asked now. */
public interface PlaceStore {
    /** Writes down where sessions of this node are; those that have ended meanwhile are left out. */
    void write(List<Known> sessions, String reachedAt);

    /**
     * The session that is known by this id, or has it as the broker's own, if its node is alive.
     *
     * @param subject whose it has to be; null: anybody's of the tenant
     */
    Optional<Place> find(String id, TenantId tenant, @Nullable SubjectId subject);

    /** @param knownAs the id that the client knows */
    record Known(SessionId session, String knownAs) {}

    /** @param reachedAt host and port of its node's tenant plane */
    record Place(SessionId session, String reachedAt) {}
}
