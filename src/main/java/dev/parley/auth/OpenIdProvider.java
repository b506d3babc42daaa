package dev.parley.auth;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.concurrent.Ticker;
import dev.parley.config.OidcConfig;
import dev.parley.config.Secret;
import io.vertx.core.Vertx;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Signs administrators in at an OpenID provider: the authorization code flow with PKCE (S256), state and nonce. Name and
 * groups are taken from the ID token or, where it has them not, from the userinfo endpoint. Blocks: only for virtual threads.
 * Thread-safe.
 */
public final class OpenIdProvider implements AutoCloseable {
    private static final int SECRET_BYTES = 32;
    private static final int NAME_MAX = 128;
    private static final Base64.Encoder ENCODER = Base64.getUrlEncoder().withoutPadding();

    private final Vertx vertx;
    private final OidcConfig config;
    private final Ticker ticker;
    private final OpenIdHttp http = new OpenIdHttp();
    private final IdTokenRules rules;
    private final SecureRandom random = new SecureRandom();

    public OpenIdProvider(Vertx vertx, OidcConfig config, Ticker ticker) {
        this.vertx = vertx;
        this.config = config;
        this.ticker = ticker;
        this.rules = new IdTokenRules(config.issuer().toString(), config.clientId());
    }

    /** @param fresh whether the password is to be given anew */
    public OpenIdAttempt begin(boolean fresh) {
        return new OpenIdAttempt(random(), random(), random(), fresh);
    }

    /** Where the browser goes with a try. */
    public URI address(OpenIdAttempt attempt) throws OpenIdException {
        Map<String, String> query = new LinkedHashMap<>();
        query.put("response_type", "code");
        query.put("client_id", config.clientId());
        query.put("redirect_uri", config.redirectUrl().toString());
        query.put("scope", "openid profile email");
        query.put("state", attempt.state());
        query.put("nonce", attempt.nonce());
        query.put("code_challenge", challenge(attempt.verifier()));
        query.put("code_challenge_method", "S256");
        if (attempt.fresh()) {
            query.put("prompt", "login");
            query.put("max_age", "0");
        }
        URI endpoint = endpoint(discovered(), "authorization_endpoint");
        return URI.create(endpoint + (endpoint.getRawQuery() == null ? "?" : "&") + form(query));
    }

    /**
     * Redeems the code that the browser came back with.
     *
     * @param state that it came back with
     * @param issuer that it came back with (RFC 9207); null if it named none
     */
    public OpenIdIdentity finish(OpenIdAttempt attempt, String state, @Nullable String issuer, String code)
            throws OpenIdException {
        if (!IdTokenRules.same(attempt.state(), state)) {
            throw new OpenIdException("another browser began this sign-in");
        }
        if (issuer != null && !issuer.equals(config.issuer().toString())) {
            throw new OpenIdException("the browser comes back from another provider");
        }
        ObjectNode provider = discovered();
        ObjectNode tokens = http.object(tokenRequest(provider, attempt, code), "token endpoint");
        byte[] keySet = http.bytes(OpenIdHttp.get(endpoint(provider, "jwks_uri")), "key set");
        ObjectNode claims = rules.claims(vertx, tokens.path("id_token").asText(""), keySet, attempt, ticker.now());
        return identity(provider, claims, tokens.path("access_token").asText(""));
    }

    @Override
    public void close() {
        http.close();
    }

    private OpenIdIdentity identity(ObjectNode provider, ObjectNode claims, String accessToken) throws OpenIdException {
        String subject = claims.path("sub").asText();
        JsonNode details = claims;
        if (!claims.has(config.nameClaim()) || !claims.has(config.groupsClaim())) {
            details = userinfo(provider, accessToken, subject);
        }
        JsonNode name =
                claims.has(config.nameClaim()) ? claims.path(config.nameClaim()) : details.path(config.nameClaim());
        JsonNode groups = claims.has(config.groupsClaim())
                ? claims.path(config.groupsClaim())
                : details.path(config.groupsClaim());
        boolean unverified = config.nameClaim().equals("email")
                && (isFalse(claims.path("email_verified")) || isFalse(details.path("email_verified")));
        String text = name.asText("");
        if (unverified || text.isEmpty() || text.length() > NAME_MAX) {
            throw new OpenIdException("the provider gives no usable claim '" + config.nameClaim() + "'");
        }
        return new OpenIdIdentity(
                config.issuer() + " " + subject,
                text,
                texts(groups),
                IdTokenRules.authenticatedAt(claims, ticker.now()));
    }

    private JsonNode userinfo(ObjectNode provider, String accessToken, String subject) throws OpenIdException {
        if (!provider.has("userinfo_endpoint") || accessToken.isEmpty()) {
            return MissingNode.getInstance();
        }
        HttpRequest request = HttpRequest.newBuilder(endpoint(provider, "userinfo_endpoint"))
                .header("Authorization", "Bearer " + accessToken)
                .timeout(OpenIdHttp.PATIENCE)
                .build();
        ObjectNode details = http.object(request, "userinfo endpoint");
        if (!subject.equals(details.path("sub").textValue())) {
            throw new OpenIdException("the userinfo endpoint speaks of somebody else");
        }
        return details;
    }

    private HttpRequest tokenRequest(ObjectNode provider, OpenIdAttempt attempt, String code) throws OpenIdException {
        Map<String, String> form = new LinkedHashMap<>();
        form.put("grant_type", "authorization_code");
        form.put("code", code);
        form.put("redirect_uri", config.redirectUrl().toString());
        form.put("code_verifier", attempt.verifier());
        HttpRequest.Builder request = HttpRequest.newBuilder(endpoint(provider, "token_endpoint"))
                .header("Content-Type", "application/x-www-form-urlencoded")
                .header("Accept", "application/json")
                .timeout(OpenIdHttp.PATIENCE);
        Secret secret = config.clientSecret();
        if (secret != null && takesBasic(provider)) {
            String pair = encoded(config.clientId()) + ":" + encoded(secret.reveal());
            request.header(
                    "Authorization",
                    "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8)));
        } else {
            form.put("client_id", config.clientId());
            if (secret != null) {
                form.put("client_secret", secret.reveal());
            }
        }
        return request.POST(BodyPublishers.ofString(form(form))).build();
    }

    /** The usual way, unless the provider says otherwise. */
    private static boolean takesBasic(ObjectNode provider) {
        Set<String> methods = texts(provider.path("token_endpoint_auth_methods_supported"));
        return methods.isEmpty() || methods.contains("client_secret_basic");
    }

    private ObjectNode discovered() throws OpenIdException {
        String base = config.issuer().toString().replaceAll("/+$", "");
        ObjectNode found = http.object(
                OpenIdHttp.get(URI.create(base + "/.well-known/openid-configuration")), "discovery document");
        if (!config.issuer().toString().equals(found.path("issuer").textValue())) {
            throw new OpenIdException("the discovery document names another issuer than oidc.issuer");
        }
        return found;
    }

    /** What the provider names must be as safe as the provider itself. */
    private URI endpoint(ObjectNode provider, String name) throws OpenIdException {
        try {
            URI endpoint = new URI(provider.path(name).asText(""));
            boolean safe = "https".equals(endpoint.getScheme())
                    || ("http".equals(config.issuer().getScheme()) && "http".equals(endpoint.getScheme()));
            if (safe && endpoint.getHost() != null) {
                return endpoint;
            }
        } catch (URISyntaxException e) {
            throw new OpenIdException("the provider's " + name + " is not a URL", e);
        }
        throw new OpenIdException("the provider's " + name + " is not an https URL");
    }

    private static boolean isFalse(JsonNode claim) {
        return claim.isBoolean() && !claim.booleanValue();
    }

    private static Set<String> texts(@Nullable JsonNode claim) {
        Set<String> all = new HashSet<>();
        if (claim != null && claim.isTextual()) {
            all.add(claim.textValue());
        } else if (claim != null) {
            claim.forEach(one -> all.add(one.asText("")));
        }
        return all;
    }

    private static String challenge(String verifier) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(verifier.getBytes(StandardCharsets.US_ASCII));
            return ENCODER.encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private String random() {
        byte[] bytes = new byte[SECRET_BYTES];
        random.nextBytes(bytes);
        return ENCODER.encodeToString(bytes);
    }

    private static String form(Map<String, String> fields) {
        return fields.entrySet().stream()
                .map(field -> encoded(field.getKey()) + "=" + encoded(field.getValue()))
                .collect(Collectors.joining("&"));
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
