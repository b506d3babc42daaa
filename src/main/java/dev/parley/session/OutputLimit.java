package dev.parley.session;

import dev.parley.auth.Caller;
import dev.parley.ledger.PriceBook.PricedModel;
import dev.parley.tenancy.Tenant;

/**
 * The most that one response of a session may put out: the smallest of the caps of tenant, token, model and wire. The
 * tenant's can change while the session lives. Used on the session's event loop.
 */
public final class OutputLimit {
    /** The largest number that the protocol takes; protocol.md §4.3. */
    static final int WIRE_MAX = 4096;

    private final SessionOrder order;
    private final PricedModel model;
    private int ever;

    public OutputLimit(SessionOrder order, PricedModel model) {
        this.order = order;
        this.model = model;
        this.ever = now();
    }

    /** What a response that is asked for now may put out. */
    public int now() {
        return of(model, order.tenant(), order.caller());
    }

    /** The same for a session that is to be. */
    public static int of(PricedModel model, Tenant tenant, Caller caller) {
        int most = Math.min(WIRE_MAX, model.outputTokensMax());
        most = Math.min(most, tenant.outputTokensMax());
        return Math.max(1, Math.min(most, caller.outputTokensMax().orElse(most)));
    }

    /** The most that was ever allowed: what the provider may still hold. */
    public int ever() {
        ever = Math.max(ever, now());
        return ever;
    }
}
