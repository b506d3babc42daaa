package dev.parley.administration;

import java.util.Arrays;
import java.util.Optional;

/** One thing that the admin API lets one do. A role has some of them; an API token has those that it was made with. */
public enum Permission {
    OVERVIEW_READ("overview:read", Role.VIEWER, false),
    SESSIONS_READ("sessions:read", Role.VIEWER, false),
    SESSIONS_END("sessions:end", Role.OPERATOR, true),
    CONTENT_READ("content:read", Role.OPERATOR, false),
    TENANTS_READ("tenants:read", Role.VIEWER, false),
    TENANTS_WRITE("tenants:write", Role.OPERATOR, true),
    TENANT_TOKENS("tenants:tokens", Role.OPERATOR, true),
    PLANS_WRITE("plans:write", Role.OPERATOR, true),
    USAGE_READ("usage:read", Role.VIEWER, false),
    ERRORS_READ("errors:read", Role.VIEWER, false),
    WEBHOOKS_READ("webhooks:read", Role.VIEWER, false),
    WEBHOOKS_WRITE("webhooks:write", Role.OPERATOR, true),
    PLAYGROUND("playground:use", Role.OPERATOR, true),
    ACCOUNTS_READ("accounts:read", Role.VIEWER, false),
    ACCOUNTS_WRITE("accounts:write", Role.OWNER, true),
    ACCOUNTS_REOPEN("accounts:reopen", Role.OPERATOR, true),
    NODES_READ("nodes:read", Role.VIEWER, false),
    NODES_DRAIN("nodes:drain", Role.OPERATOR, true),
    PRICES_READ("prices:read", Role.VIEWER, false),
    PRICES_WRITE("prices:write", Role.OWNER, true),
    AUDIT_READ("audit:read", Role.VIEWER, false),
    ADMINISTRATORS_READ("administrators:read", Role.OWNER, false),
    ADMINISTRATORS_WRITE("administrators:write", Role.OWNER, true);

    private final String scope;
    private final Role least;
    private final boolean change;

    Permission(String scope, Role least, boolean change) {
        this.scope = scope;
        this.least = least;
        this.change = change;
    }

    /** Its name in the API and in tokens. */
    public String scope() {
        return scope;
    }

    /** The least role that has it. */
    public Role least() {
        return least;
    }

    /** Whether it changes something: a browser must then have given its password of late. */
    public boolean change() {
        return change;
    }

    public static Optional<Permission> of(String scope) {
        return Arrays.stream(values())
                .filter(permission -> permission.scope.equals(scope))
                .findFirst();
    }
}
