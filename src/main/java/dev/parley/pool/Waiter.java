package dev.parley.pool;

import dev.parley.domain.TenantId;
import dev.parley.upstream.UpstreamConnector.Outcome;
import io.vertx.core.Promise;

/** A session that waits for its upstream; times of the ticker. */
record Waiter(TenantId tenant, long since, long deadline, Promise<Outcome> outcome) {
    boolean isOver(long now) {
        return now - deadline >= 0;
    }
}
