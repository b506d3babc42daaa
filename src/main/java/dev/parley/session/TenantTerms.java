package dev.parley.session;

import dev.parley.tenancy.Tenant;

/** The settings of a session's tenant, as they were last heard of. Written on the session's event loop, read by any thread. */
public final class TenantTerms {
    private volatile Tenant now;

    public TenantTerms(Tenant now) {
        this.now = now;
    }

    public Tenant now() {
        return now;
    }

    public void hear(Tenant changed) {
        now = changed;
    }
}
