package dev.parley.rest;

import dev.parley.auth.Caller;
import dev.parley.auth.Callers;
import dev.parley.auth.Callers.Identity;
import dev.parley.auth.ClientSecrets;
import dev.parley.auth.SecretToken;
import dev.parley.concurrent.Blocking;
import dev.parley.concurrent.Ticker;
import dev.parley.config.Secret;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.ledger.PriceBook;
import dev.parley.ledger.UsageBook;
import dev.parley.protocol.OpenApi;
import dev.parley.quota.LimitSource;
import dev.parley.tenancy.Tenant;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The routes of the tenant plane that are not sockets. Each asks for a tenant's token first; a client secret is for sockets
 * only, because it is in the hands of a browser. Thread-safe.
 */
public final class TenantApi implements Api {
    private static final Logger LOGGER = LoggerFactory.getLogger(TenantApi.class);
    private static final Duration RETRY_SOON = Duration.ofSeconds(2);

    /** Of the whole tenant plane, its sockets too. */
    public static final String DESCRIPTION = "/v1/openapi.json";

    private final Answer description = Answer.json(OpenApi.json("/rest/openapi.yaml"));
    private final Callers callers;
    private final List<Surface> surfaces;

    public TenantApi(
            Callers callers,
            PriceBook prices,
            UsageBook usage,
            LimitSource limits,
            ClientSecrets secrets,
            Blocking blocking,
            Ticker ticker) {
        this.callers = callers;
        this.surfaces = List.of(
                new ModelsSurface(prices, ticker),
                new UsageSurface(usage, limits, blocking, ticker),
                new SecretsSurface(prices, secrets, blocking, ticker));
    }

    @Override
    public boolean serves(String path) {
        return path.equals(DESCRIPTION) || surface(path).isPresent();
    }

    /** All but the document that describes them. */
    public List<Route> routes() {
        return surfaces.stream().flatMap(surface -> surface.routes().stream()).toList();
    }

    @Override
    public Future<Answer> answer(Call call) {
        if (call.path().equals(DESCRIPTION) && call.method().equals("GET")) {
            return Future.succeededFuture(description);
        }
        Optional<Surface> surface = surface(call.path());
        List<String> methods = methods(call.path());
        if (surface.isEmpty() || !methods.contains(call.method())) {
            return Future.succeededFuture(notAllowed(methods));
        }
        Secret credential = call.credential();
        if (credential != null && SecretToken.is(credential.reveal())) {
            return refused(Refusal.of(
                    Kind.FORBIDDEN,
                    "client_secret_not_allowed",
                    "A client secret starts sessions, and nothing else: use a token of the tenant here."));
        }
        return callers.identify(credential, call.origin())
                .compose(identity -> switch (identity) {
                    case Identity.Unknown(Refusal refusal) -> refused(refusal);
                    case Identity.Known(Caller caller, Tenant tenant) ->
                        surface.get().answer(call, caller, tenant);
                })
                .recover(TenantApi::away);
    }

    private Optional<Surface> surface(String path) {
        return surfaces.stream()
                .filter(one -> one.routes().stream().anyMatch(route -> route.fits(path)))
                .findFirst();
    }

    private List<String> methods(String path) {
        return path.equals(DESCRIPTION)
                ? List.of("GET")
                : routes().stream()
                        .filter(route -> route.fits(path))
                        .map(Route::method)
                        .distinct()
                        .toList();
    }

    private static Answer notAllowed(List<String> methods) {
        return Answer.refused(Refusal.of(
                        Kind.METHOD_NOT_ALLOWED,
                        "method_not_allowed",
                        "This URL is for " + String.join(" and ", methods) + " only."))
                .with(Map.of("Allow", String.join(", ", methods)));
    }

    /** Postgres does not answer, or too many ask. */
    private static Future<Answer> away(Throwable failure) {
        LOGGER.atWarn().setCause(failure).log("a request could not be answered");
        return refused(Refusal.of(Kind.OVERLOADED, "server_error", "This cannot be answered now; please try again.")
                .retryAfter(RETRY_SOON));
    }

    private static Future<Answer> refused(Refusal refusal) {
        return Future.succeededFuture(Answer.refused(refusal));
    }
}
