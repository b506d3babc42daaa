package dev.parley.auth;

import dev.parley.domain.Refusal;
import io.vertx.core.Future;
import java.util.Optional;

/** From a bearer token to a caller. Thread-safe; futures complete on the caller's context and fail only for bugs. */
public interface TokenVerifier {
    Future<Verification> verify(String token);

    /**
     * Whether a caller verified earlier still stands: not expired, token not revoked, tenant not suspended. Cheap enough
     * to ask for every session every few seconds.
     */
    Future<Optional<Refusal>> recheck(Caller caller);

    /** The outcome of a verification. */
    sealed interface Verification {
        record Verified(Caller caller) implements Verification {}

        record Rejected(Refusal refusal) implements Verification {}
    }
}
