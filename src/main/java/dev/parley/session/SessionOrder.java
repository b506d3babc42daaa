package dev.parley.session;

import dev.parley.auth.Caller;
import dev.parley.domain.ModelName;
import dev.parley.domain.SessionId;
import dev.parley.ledger.PriceBook.ModelKind;
import dev.parley.quota.SessionPermit;
import dev.parley.tenancy.Tenant;
import org.jspecify.annotations.Nullable;

/**
 * An admitted session before it has begun.
 *
 * @param terms shared with {@code models}
 * @param model always there for a conversation; of a transcription session the one of its URL, if any
 * @param permit released by the session when it has ended
 */
public record SessionOrder(
        SessionId id,
        TenantTerms terms,
        Caller caller,
        ModelKind kind,
        @Nullable ModelName model,
        ModelPolicy models,
        SessionPermit permit) {
    /** The tenant's settings now. */
    public Tenant tenant() {
        return terms.now();
    }
}
