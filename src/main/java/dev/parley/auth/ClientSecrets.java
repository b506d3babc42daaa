package dev.parley.auth;

import java.util.Optional;

/** The client secrets of all nodes. Blocks. Thread-safe. */
public interface ClientSecrets {
    /** What a tenant may have at once that is not expired. */
    int TENANT_MAX = 10_000;

    /** What one subject may have at once. */
    int SUBJECT_MAX = 100;

    /** What became of a new one. */
    enum Added {
        ADDED,
        TENANT_FULL,
        SUBJECT_FULL
    }

    /** Keeps a secret by its hash. */
    Added add(byte[] hash, Caller caller);

    /** Whom it makes of its bearer; empty if there is none or it has expired. */
    Optional<Caller> find(byte[] hash);

    /** Starts a session with it; false if it is for one session only and has had it. */
    boolean use(Binding binding);
}
