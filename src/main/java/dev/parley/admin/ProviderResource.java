package dev.parley.admin;

import dev.parley.administration.AdministratorStore;
import dev.parley.administration.AdministratorStore.Session;
import dev.parley.administration.ProviderSignIn;
import dev.parley.administration.ProviderSignIn.Person;
import dev.parley.administration.Role;
import dev.parley.administration.SecretText;
import dev.parley.administration.SignIn;
import dev.parley.administration.SignInRefused;
import dev.parley.auth.OpenIdAttempt;
import dev.parley.auth.OpenIdException;
import dev.parley.auth.OpenIdIdentity;
import dev.parley.config.OidcConfig;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Signing in at the OpenID provider. What the browser needs when it comes back from there waits in a cookie of its own, which
 * goes along from another site, as the session's cookie does not.
 */
final class ProviderResource {
    static final String COOKIE = "__Host-parley-oidc";
    private static final int ATTEMPT_SECONDS = 600;
    private static final int PARTS = 5;
    private static final String NO_SESSION = "-";
    private static final Logger LOGGER = LoggerFactory.getLogger(ProviderResource.class);

    private final @Nullable SingleSignOn provider;
    private final ProviderSignIn signIn;
    private final AdministratorStore store;

    ProviderResource(@Nullable SingleSignOn provider, ProviderSignIn signIn, AdministratorStore store) {
        this.provider = provider;
        this.signIn = signIn;
        this.store = store;
    }

    List<Endpoint> endpoints() {
        return List.of(
                Endpoint.anybody(HttpMethod.GET, "/sign-in-ways", _ -> ways()),
                Endpoint.anybody(HttpMethod.GET, "/oidc/start", this::start).askingOthers(),
                Endpoint.anybody(HttpMethod.GET, "/oidc/callback", this::callback)
                        .askingOthers());
    }

    private Answer ways() {
        return Answer.ok(new JsonObject()
                .put("provider", provider == null ? null : provider.config().label()));
    }

    private Answer start(Call call) {
        SingleSignOn known = known();
        boolean fresh = call.query("confirm").orElse("").equals("true");
        if (signIn.count(call.address()).isPresent()) {
            return back("too-many-tries");
        }
        try {
            OpenIdAttempt attempt = known.openId().begin(fresh);
            return Answer.seeOther(known.openId().address(attempt).toString())
                    .cookie(cookie(written(attempt, sessionOf(call)), ATTEMPT_SECONDS));
        } catch (OpenIdException failed) {
            return told(failed);
        }
    }

    /** The browser is on its way back, so it is told by a page, whatever happens. */
    private Answer callback(Call call) {
        SingleSignOn known = known();
        return signedIn(known, call).cookie(cookie("", 0));
    }

    private Answer signedIn(SingleSignOn known, Call call) {
        String[] kept = call.cookie(COOKIE).orElse("").split("\\.", -1);
        if (kept.length != PARTS) {
            return back("expired");
        }
        if (signIn.count(call.address()).isPresent()) {
            return back("too-many-tries");
        }
        if (call.query("error").isPresent()) {
            return back("declined");
        }
        try {
            OpenIdAttempt attempt = new OpenIdAttempt(kept[0], kept[1], kept[2], kept[3].equals("fresh"));
            OpenIdIdentity identity = known.openId()
                    .finish(
                            attempt,
                            call.query("state").orElse(""),
                            call.query("iss").orElse(null),
                            call.query("code").orElse(""));
            Person person = new Person(
                    identity.subject(),
                    identity.name(),
                    role(known.config(), identity.groups()),
                    identity.authenticatedAt());
            String replaced = kept[4].equals(NO_SESSION) ? null : kept[4];
            String secret = signIn.begin(person, replaced, call.address(), SignInResource.agent(call));
            return Answer.seeOther("/").cookie(SignInResource.cookie(secret));
        } catch (SignInRefused refused) {
            return back("not-allowed");
        } catch (OpenIdException failed) {
            signIn.failed(String.valueOf(failed.getMessage()), call.address());
            return told(failed);
        }
    }

    private static Answer told(OpenIdException failed) {
        LOGGER.atWarn().addKeyValue("reason", failed.getMessage()).log("the sign-in at the OpenID provider failed");
        return back("failed");
    }

    private static Answer back(String why) {
        return Answer.seeOther("/#/?refused=" + why);
    }

    private SingleSignOn known() {
        SingleSignOn known = provider;
        if (known == null) {
            throw Problem.notFound("No OpenID provider is set here.");
        }
        return known;
    }

    /** The highest that one of the groups gives; null if none does. */
    static @Nullable Role role(OidcConfig config, Set<String> groups) {
        if (!Collections.disjoint(config.ownerGroups(), groups)) {
            return Role.OWNER;
        }
        if (!Collections.disjoint(config.operatorGroups(), groups)) {
            return Role.OPERATOR;
        }
        return Collections.disjoint(config.viewerGroups(), groups) ? null : Role.VIEWER;
    }

    private String sessionOf(Call call) {
        return call.cookie()
                .flatMap(secret -> store.useSession(SecretText.digest(secret), SignIn.IDLE_MAX, SignIn.LIFE_MAX))
                .map(Session::id)
                .orElse(NO_SESSION);
    }

    private static String written(OpenIdAttempt attempt, String session) {
        return String.join(
                ".", attempt.state(), attempt.nonce(), attempt.verifier(), attempt.fresh() ? "fresh" : "any", session);
    }

    /** Lax: the browser brings it along when the provider sends it back. */
    private static String cookie(String value, long seconds) {
        return COOKIE + "=" + value + "; Path=/; Max-Age=" + seconds + "; Secure; HttpOnly; SameSite=Lax";
    }
}
