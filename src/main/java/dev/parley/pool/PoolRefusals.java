package dev.parley.pool;

import dev.parley.config.PoolConfig;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.upstream.Unavailable;
import dev.parley.upstream.UpstreamConnector.Outcome;
import java.time.Duration;

/** What a session is told that gets no upstream: which limit, its value, and when to try again. Pure. */
final class PoolRefusals {
    private static final Duration RETRY_SOON = Duration.ofSeconds(5);

    private PoolRefusals() {}

    static Outcome.Unavailable queueFull(PoolConfig config) {
        return unavailable(
                Kind.OVERLOADED,
                "upstream_queue_full",
                config.tenantWaitingMax() + " sessions of this tenant wait for an upstream already.",
                "queue_full");
    }

    static Outcome.Unavailable tenantFull(PoolConfig config) {
        return unavailable(
                Kind.RATE_LIMITED,
                "tenant_upstream_sessions_exhausted",
                "This tenant has all its " + config.tenantSessionsMax() + " upstream sessions of this node in use.",
                "tenant_cap");
    }

    /** How many there are is the account's business. */
    static Outcome.Unavailable accountsFull() {
        return unavailable(
                Kind.OVERLOADED,
                "upstream_sessions_exhausted",
                "All upstream sessions of this node are in use.",
                "cap");
    }

    static Outcome.Unavailable late(PoolConfig config, String upstreamCode) {
        return new Outcome.Unavailable(
                Unavailable.refusal("No upstream session was had within "
                        + config.acquireTimeout().toMillis() + " ms."),
                upstreamCode);
    }

    static Outcome.Unavailable stopped() {
        return unavailable(Kind.DRAINING, "node_draining", "This node is shutting down.", "stopped");
    }

    private static Outcome.Unavailable unavailable(Kind kind, String code, String message, String upstreamCode) {
        return new Outcome.Unavailable(Refusal.of(kind, code, message).retryAfter(RETRY_SOON), upstreamCode);
    }
}
