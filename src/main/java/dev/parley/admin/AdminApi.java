package dev.parley.admin;

import dev.parley.administration.AccountRegister;
import dev.parley.administration.AdministratorStore;
import dev.parley.administration.ApiTokenStore;
import dev.parley.administration.AuditLog;
import dev.parley.administration.ModelAliases;
import dev.parley.administration.Orders;
import dev.parley.administration.PlanRegister;
import dev.parley.administration.PriceList;
import dev.parley.administration.ProviderSignIn;
import dev.parley.administration.Replays;
import dev.parley.administration.Reports;
import dev.parley.administration.SignIn;
import dev.parley.administration.TenantOrigins;
import dev.parley.administration.TenantRegister;
import dev.parley.auth.BrokerTokens;
import dev.parley.auth.IssuerDirectory;
import dev.parley.concurrent.Blocking;
import dev.parley.concurrent.Ticker;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The admin API, {@code /api/v1}: {@code openapi.yaml} says what each operation takes and gives. */
public final class AdminApi {
    static final String ROOT = "/v1";
    private static final int BODY_BYTES_MAX = 65_536;

    private final List<Endpoint> endpoints;
    private final Dispatcher dispatcher;
    private final SessionStream stream;
    private final PlaygroundSocket playground;

    /**
     * What the API stands on.
     *
     * @param blocking for its work
     * @param outside for what waits for the OpenID provider or for a webhook's receiver
     * @param singleSignOn null if no OpenID provider is set
     * @param passing whether a failure passes by itself
     */
    public record Parts(
            Blocking blocking,
            Blocking outside,
            AdministratorStore administrators,
            ApiTokenStore apiTokens,
            SignIn signIn,
            @Nullable SingleSignOn singleSignOn,
            AuditLog audit,
            Replays replays,
            Reports reports,
            TenantRegister tenants,
            PlanRegister plans,
            IssuerDirectory issuers,
            BrokerTokens tokens,
            Orders orders,
            PriceList prices,
            ModelAliases aliases,
            TenantOrigins origins,
            Webhooks webhooks,
            AccountRegister accounts,
            SessionFigures figures,
            TenantDoor door,
            LiveFeed feed,
            Predicate<Throwable> passing,
            Ticker ticker) {}

    public AdminApi(Vertx vertx, Parts parts) {
        Gatekeeper gatekeeper = new Gatekeeper(parts.administrators(), parts.apiTokens(), parts.ticker());
        this.dispatcher = new Dispatcher(
                parts.blocking(),
                parts.outside(),
                gatekeeper,
                parts.audit(),
                parts.replays(),
                failure -> problem(parts, failure));
        this.endpoints = endpoints(parts);
        this.playground = new PlaygroundSocket(vertx, parts.blocking(), gatekeeper, parts.door());
        this.stream = new SessionStream(parts.blocking(), gatekeeper, parts.feed());
    }

    /** Every operation but the stream and the description. */
    static List<Endpoint> endpoints(Parts parts) {
        Changes changes = new Changes(parts.audit());
        Ticker ticker = parts.ticker();
        return Stream.of(
                        new SignInResource(parts.signIn(), parts.administrators(), parts.audit()).endpoints(),
                        new ProviderResource(
                                        parts.singleSignOn(),
                                        new ProviderSignIn(
                                                parts.administrators(),
                                                parts.apiTokens(),
                                                parts.audit(),
                                                parts.signIn(),
                                                ticker),
                                        parts.administrators())
                                .endpoints(),
                        new ReportResource(parts.reports(), parts.figures(), ticker).endpoints(),
                        new AuditResource(parts.reports(), parts.audit()).endpoints(),
                        new BrowserResource(parts.administrators(), changes).endpoints(),
                        new SessionResource(
                                        parts.reports(),
                                        parts.orders(),
                                        parts.figures(),
                                        parts.tenants(),
                                        changes,
                                        ticker)
                                .endpoints(),
                        new TenantResource(parts.tenants(), parts.reports(), changes, ticker).endpoints(),
                        new CredentialResource(parts.issuers(), parts.tokens(), parts.tenants(), changes, ticker)
                                .endpoints(),
                        new PlaygroundResource(parts.tenants(), parts.tokens(), changes).endpoints(),
                        new PlanResource(parts.plans(), parts.reports(), changes).endpoints(),
                        new NodeResource(parts.reports(), parts.orders(), changes).endpoints(),
                        new ModelResource(parts.reports(), parts.prices(), changes, ticker).endpoints(),
                        new AliasResource(parts.aliases(), changes).endpoints(),
                        new OriginResource(parts.origins(), parts.tenants(), changes).endpoints(),
                        new WebhookResource(parts.webhooks(), parts.tenants(), changes, ticker).endpoints(),
                        new AccountResource(parts.accounts(), parts.figures(), changes).endpoints(),
                        new AdministratorResource(parts.administrators(), parts.apiTokens(), parts.signIn(), changes)
                                .endpoints(),
                        new ApiTokenResource(parts.apiTokens(), changes, ticker).endpoints())
                .flatMap(List::stream)
                .toList();
    }

    /** Ends the sockets of the playground. */
    public void close() {
        playground.close();
    }

    /** @param router of what lies below {@code /api} */
    void mount(Router router) {
        router.get(ROOT + PlaygroundSocket.PATH).handler(playground::open);
        router.route(ROOT + "/*").handler(BodyHandler.create(false).setBodyLimit(BODY_BYTES_MAX));
        router.get(ROOT + "/openapi.json").handler(new ApiDescription()::serve);
        router.get(ROOT + SessionStream.PATH).handler(stream::open);
        for (Endpoint endpoint : endpoints) {
            router.route(endpoint.method(), ROOT + endpoint.routePath())
                    .handler(context -> dispatcher.dispatch(context, endpoint));
        }
        router.route(ROOT + "/*").handler(AdminApi::unknown).failureHandler(AdminApi::failed);
    }

    private static void unknown(RoutingContext context) {
        Dispatcher.write(context.response(), Problem.notFound("The admin API has no such operation."));
    }

    private static void failed(RoutingContext context) {
        int status = context.statusCode();
        Problem problem = status == 413
                ? Problem.of(413, "too-large", "The body is too large", "It has at most " + BODY_BYTES_MAX + " bytes.")
                : Problem.badRequest("The request cannot be understood.");
        if (!context.response().ended()) {
            context.response().putHeader(HttpHeaders.CONNECTION, "close");
            Dispatcher.write(context.response(), problem);
        }
    }

    private static Problem problem(Parts parts, Throwable failure) {
        if (failure instanceof Blocking.OverloadedException || parts.passing().test(failure)) {
            return Problem.unavailable("The broker or its database is busy or away: try again soon.");
        }
        if (failure instanceof IllegalArgumentException) {
            return Problem.badRequest(String.valueOf(failure.getMessage()));
        }
        return Problem.broken();
    }
}
