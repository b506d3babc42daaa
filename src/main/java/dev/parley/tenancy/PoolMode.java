package dev.parley.tenancy;

/** How sessions use upstream sessions. */
public enum PoolMode {
    /** Each session has an upstream session of its own for as long as it lives. */
    SESSION,
    /** Each response runs on an upstream session that the tenant's sessions share; between responses a session holds none. */
    TURN
}
