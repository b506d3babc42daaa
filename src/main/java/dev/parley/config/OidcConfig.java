package dev.parley.config;

import java.net.URI;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The OpenID provider that administrators sign in with.
 *
 * @param issuer as its discovery document and its tokens name it
 * @param clientSecret null for a public client
 * @param redirectUrl this console's {@code /api/v1/oidc/callback}, as it is registered with the provider
 * @param label what the sign-in page calls the provider
 * @param nameClaim becomes the administrator's name
 * @param groupsClaim holds the groups that roles are given by
 */
public record OidcConfig(
        URI issuer,
        String clientId,
        @Nullable Secret clientSecret,
        URI redirectUrl,
        String label,
        String nameClaim,
        String groupsClaim,
        Set<String> ownerGroups,
        Set<String> operatorGroups,
        Set<String> viewerGroups) {
    public OidcConfig {
        ownerGroups = Set.copyOf(ownerGroups);
        operatorGroups = Set.copyOf(operatorGroups);
        viewerGroups = Set.copyOf(viewerGroups);
    }
}
