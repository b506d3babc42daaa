package dev.parley.auth;

import java.time.Instant;
import java.util.Set;

/**
 * Who has signed in at the OpenID provider.
 *
 * @param subject issuer and subject with a space between them, which no other person ever has
 * @param name may come to belong to somebody else in time
 * @param authenticatedAt when they last proved there who they are; the epoch if the provider does not say
 */
public record OpenIdIdentity(String subject, String name, Set<String> groups, Instant authenticatedAt) {
    public OpenIdIdentity {
        groups = Set.copyOf(groups);
    }

    @Override
    public String toString() {
        return "OpenIdIdentity[" + name + "]";
    }
}
