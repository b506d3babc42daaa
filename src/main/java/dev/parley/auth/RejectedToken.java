package dev.parley.auth;

import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import java.time.Duration;

/** A token that is turned away. Its refusal never holds any part of the token. */
final class RejectedToken extends Exception {
    private static final long serialVersionUID = 1L;
    private static final Duration RETRY_AFTER = Duration.ofSeconds(5);

    private final transient Refusal refusal;

    RejectedToken(Refusal refusal) {
        super(refusal.message(), null, false, false);
        this.refusal = refusal;
    }

    static RejectedToken invalid(String reason) {
        return new RejectedToken(Refusal.of(Kind.UNAUTHENTICATED, "invalid_api_key", "Invalid token: " + reason + "."));
    }

    /** A claim that is wrong; the refusal's param names it. */
    static RejectedToken claim(String claim, String reason) {
        return new RejectedToken(Refusal.of(
                        Kind.UNAUTHENTICATED, "invalid_api_key", "Invalid token: claim '" + claim + "' " + reason + ".")
                .param(claim));
    }

    static RejectedToken expired() {
        return new RejectedToken(Refusal.of(
                        Kind.UNAUTHENTICATED,
                        "token_expired",
                        "The token has expired. Get a new one and connect again.")
                .param("exp"));
    }

    static RejectedToken revoked() {
        return new RejectedToken(Refusal.of(
                Kind.UNAUTHENTICATED, "token_revoked", "The token was revoked. Get a new one and connect again."));
    }

    static RejectedToken suspended() {
        return new RejectedToken(Refusal.of(
                Kind.FORBIDDEN, "tenant_suspended", "The tenant of this token is suspended. Ask its administrator."));
    }

    static RejectedToken unavailable(String code, String reason) {
        return new RejectedToken(
                Refusal.of(Kind.UPSTREAM_UNAVAILABLE, code, "The token cannot be checked now: " + reason + ".")
                        .retryAfter(RETRY_AFTER));
    }

    static RejectedToken overloaded() {
        return new RejectedToken(Refusal.of(
                        Kind.OVERLOADED, "server_overloaded", "Too many tokens wait to be checked. Try again shortly.")
                .retryAfter(RETRY_AFTER));
    }

    Refusal refusal() {
        return refusal;
    }
}
