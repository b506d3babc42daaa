package dev.parley.admin;

import dev.parley.auth.OpenIdProvider;
import dev.parley.config.OidcConfig;

/** The OpenID provider that administrators sign in with, and what its groups may do here. */
public record SingleSignOn(OpenIdProvider openId, OidcConfig config) {}
