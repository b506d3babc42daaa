package dev.parley.domain;

/**
 * A tenant's name: a slug of 1 to 63 characters, such as {@code acme-eu}. It is the key of the tenant everywhere:
 * table, token claim, API path, log.
 */
public record TenantId(String value) {
    public TenantId {
        Slug.require("tenant", value);
    }

    @Override
    public String toString() {
        return value;
    }
}
