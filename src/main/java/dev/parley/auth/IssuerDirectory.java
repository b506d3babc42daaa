package dev.parley.auth;

import dev.parley.domain.TenantId;
import java.time.Instant;
import java.util.List;

/**
 * Issuers and revocations as they are stored. Every method blocks (call it on a virtual thread) and is thread-safe.
 *
 * <p>Changes are numbered in the order of their commits, so a node reads what is new and nothing else, and no token of a
 * stranger ever costs a query.
 */
public interface IssuerDirectory {
    /** All that changed after the change of that number; 0 asks for everything. */
    Changes changesSince(long version);

    /** The secret of the broker's own tokens; if there is none yet, {@code candidate} becomes it, on all nodes. */
    byte[] brokerSecret(byte[] candidate);

    /** Adds an issuer. */
    void add(Issuer issuer);

    /** Removes an issuer; its tokens are refused from now on. */
    boolean remove(TenantId tenant, String name);

    List<Listed> list(TenantId tenant);

    /** Revokes one token of a tenant by its {@code jti}, to be remembered until its expiry. */
    void revoke(TenantId tenant, String tokenId, Instant expiresAt);

    /**
     * What changed.
     *
     * @param version the number of the newest change
     * @param removed names of issuers that are gone
     */
    record Changes(long version, List<Issuer> issuers, List<String> removed, List<Revocation> revocations) {}

    /** One revoked token. */
    record Revocation(TenantId tenant, String tokenId, Instant expiresAt) {}

    /**
     * An issuer without its secret.
     *
     * @param source {@code hs256}, {@code key} or {@code jwks}
     * @param detail the JWKS URL, the public key, or nothing
     */
    record Listed(String name, String source, List<Algorithm> algorithms, String detail, Instant createdAt) {}

    /** The name of the issuer is taken, by this tenant or by another. */
    final class IssuerTakenException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        public IssuerTakenException(String name) {
            super("there is an issuer '" + name + "' already; each name belongs to one tenant", null, false, false);
        }
    }
}
