package dev.parley.call;

import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The calls of all nodes. Each live one is served by one epoch of a node, or by none for a moment: then whoever claims it
 * first has it. Every method blocks. Thread-safe.
 */
public interface CallStore {
    /** A call rings for a tenant, which has not answered it; false if it is known already. */
    boolean ring(CallId call, TenantId tenant, String account);

    /** The tenant's call with this id; empty if there is none, or if it is somebody else's. */
    Optional<Known> find(CallId call, TenantId tenant);

    /** The epoch serves the call from now on, which was ringing for its tenant or is new; false if its id is taken. */
    boolean begin(LiveCall call, long epoch);

    /** The epoch serves it no more, and the call goes on. Whether another node is there that could take it over. */
    boolean release(CallId call, long epoch);

    /** It is over. */
    void end(CallId call);

    /** Takes over live calls that no living epoch serves. Calls that rang too long go on the way. */
    List<LiveCall> claim(long epoch, int max);

    /**
     * A tenant's call.
     *
     * @param subject who has it; null while it rings
     */
    record Known(String account, @Nullable SubjectId subject) {}
}
