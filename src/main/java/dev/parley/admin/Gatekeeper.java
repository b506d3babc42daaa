package dev.parley.admin;

import dev.parley.administration.Actor;
import dev.parley.administration.AdministratorStore;
import dev.parley.administration.AdministratorStore.Session;
import dev.parley.administration.ApiTokenStore;
import dev.parley.administration.ApiTokenStore.ApiToken;
import dev.parley.administration.ApiTokenStore.Backer;
import dev.parley.administration.Permission;
import dev.parley.administration.Principal;
import dev.parley.administration.Principal.Browser;
import dev.parley.administration.SecretText;
import dev.parley.administration.SignIn;
import dev.parley.concurrent.Ticker;
import java.net.URI;
import java.util.Objects;
import java.util.Optional;

/**
 * Finds out who asks, and whether they may. A browser shows its cookie and, for whatever is not a GET, that its own page asks:
 * the page's origin, and a token that only the page knows. An API token is enough by itself. Blocks.
 */
final class Gatekeeper {
    static final String CSRF_HEADER = "x-csrf-token";
    private static final String BEARER = "Bearer ";

    private final AdministratorStore administrators;
    private final ApiTokenStore tokens;
    private final Ticker ticker;

    Gatekeeper(AdministratorStore administrators, ApiTokenStore tokens, Ticker ticker) {
        this.administrators = administrators;
        this.tokens = tokens;
        this.ticker = ticker;
    }

    /** @throws Problem if they may not */
    void admit(Call call, Endpoint endpoint) {
        switch (endpoint.access()) {
            case ANYBODY -> refuseOtherOrigins(call, endpoint);
            case BROWSER -> call.identify(byCookie(call, endpoint));
            case PERMISSION -> {
                Principal principal = identify(call, endpoint);
                call.identify(principal);
                refuseWithout(principal, Objects.requireNonNull(endpoint.permission()));
            }
        }
    }

    private Principal identify(Call call, Endpoint endpoint) {
        Optional<String> authorization = call.header("authorization");
        return authorization.isPresent() ? byToken(authorization.get(), call) : byCookie(call, endpoint);
    }

    private Principal byToken(String authorization, Call call) {
        if (!authorization.startsWith(BEARER)) {
            throw Problem.unauthenticated();
        }
        ApiToken token = tokens.use(SecretText.digest(authorization.substring(BEARER.length())))
                .orElseThrow(Problem::unauthenticated);
        Backer backer = Objects.requireNonNull(token.administrator(), "no good token is without");
        return new Principal(new Actor("token:" + token.id(), call.address()), backer.id(), token.usable(), null);
    }

    private Principal byCookie(Call call, Endpoint endpoint) {
        String secret = call.cookie().orElseThrow(Problem::unauthenticated);
        Session session = administrators
                .useSession(SecretText.digest(secret), SignIn.IDLE_MAX, SignIn.LIFE_MAX)
                .orElseThrow(Problem::unauthenticated);
        refuseOtherOrigins(call, endpoint);
        if (endpoint.changes() && !SecretText.same(call.header(CSRF_HEADER).orElse(""), SecretText.csrfToken(secret))) {
            throw Problem.forbidden("The page did not say that it is the console's own: reload it.");
        }
        return new Principal(
                Actor.administrator(session.administrator().name(), call.address()),
                session.administrator().id(),
                session.administrator().role().permissions(),
                new Browser(session.id(), session.administrator(), session.confirmedAt()));
    }

    /** For what a page of another site could begin without being able to read the answer: a socket. */
    void refuseForeign(Call call) {
        refuseOtherOrigins(call);
    }

    private static void refuseOtherOrigins(Call call, Endpoint endpoint) {
        if (endpoint.changes()) {
            refuseOtherOrigins(call);
        }
    }

    /** Browsers say where a page that asks comes from; what says nothing is no browser. */
    private static void refuseOtherOrigins(Call call) {
        String site = call.header("sec-fetch-site").orElse("same-origin");
        Optional<String> origin = call.header("origin");
        boolean own = origin.isEmpty()
                || authority(origin.get()).equals(call.header("host").orElse(""));
        if (!own || !(site.equals("same-origin") || site.equals("none"))) {
            throw Problem.forbidden("Another site's page asks.");
        }
    }

    private static String authority(String origin) {
        try {
            String authority = URI.create(origin).getRawAuthority();
            return authority == null ? "" : authority;
        } catch (IllegalArgumentException e) {
            return "";
        }
    }

    private void refuseWithout(Principal principal, Permission permission) {
        if (!principal.permissions().contains(permission)) {
            throw Problem.forbidden("This takes the permission " + permission.scope() + ".");
        }
        Browser browser = principal.session();
        if (permission.change()
                && browser != null
                && browser.confirmedAt().plus(SignIn.CONFIRMED_FOR).isBefore(ticker.now())) {
            throw Problem.unconfirmed();
        }
    }
}
