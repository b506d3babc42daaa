package dev.parley.tenancy;

/** Whether a tenant may use the broker. */
public enum TenantStatus {
    ACTIVE,
    SUSPENDED
}
