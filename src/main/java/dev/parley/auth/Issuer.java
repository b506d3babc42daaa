package dev.parley.auth;

import dev.parley.domain.TenantId;

/**
 * Who signs tokens for a tenant. A name belongs to one tenant only, so that the name alone tells the tenant.
 *
 * @param name the tokens' {@code iss}, 1 to 512 characters
 */
public record Issuer(String name, TenantId tenant, KeySource keys) {
    /** The broker's own issuer; the tenant of its tokens is a claim. No tenant may take the name. */
    public static final String BROKER = "parley";

    private static final int NAME_LENGTH_MAX = 512;

    public Issuer {
        if (name.isEmpty() || name.length() > NAME_LENGTH_MAX || name.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException(
                    "an issuer's name has 1 to " + NAME_LENGTH_MAX + " printable characters");
        }
        if (name.equals(BROKER)) {
            throw new IllegalArgumentException("the issuer '" + BROKER + "' is the broker's own");
        }
    }
}
