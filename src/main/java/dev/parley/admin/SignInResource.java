package dev.parley.admin;

import dev.parley.administration.Administrator;
import dev.parley.administration.AdministratorStore;
import dev.parley.administration.AdministratorStore.Link;
import dev.parley.administration.AdministratorStore.Session;
import dev.parley.administration.AuditLog;
import dev.parley.administration.Permission;
import dev.parley.administration.Principal;
import dev.parley.administration.Principal.Browser;
import dev.parley.administration.SecretText;
import dev.parley.administration.SignIn;
import dev.parley.administration.SignInRefused;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Objects;

/** Signing in and out, with a cookie that no script can read. */
final class SignInResource {
    private static final int NAME_MAX = 128;
    private static final int SECRET_MAX = 256;
    private static final int PASSWORD_READ_MAX = 1_024;
    private static final int AGENT_MAX = 255;

    private final SignIn signIn;
    private final AdministratorStore store;
    private final AuditLog audit;

    SignInResource(SignIn signIn, AdministratorStore store, AuditLog audit) {
        this.signIn = signIn;
        this.store = store;
        this.audit = audit;
    }

    List<Endpoint> endpoints() {
        return List.of(
                Endpoint.anybody(HttpMethod.POST, "/session", this::begin),
                Endpoint.browser(HttpMethod.GET, "/session", this::show),
                Endpoint.browser(HttpMethod.DELETE, "/session", this::end),
                Endpoint.browser(HttpMethod.POST, "/session/confirmation", this::confirm),
                Endpoint.browser(HttpMethod.PUT, "/session/password", this::changePassword),
                Endpoint.anybody(HttpMethod.POST, "/sign-in-links/look", this::look),
                Endpoint.anybody(HttpMethod.POST, "/sign-in-links/use", this::use));
    }

    private Answer begin(Call call) {
        Fields fields = call.fields();
        String name = fields.text("name", NAME_MAX);
        String password = fields.text("password", PASSWORD_READ_MAX);
        fields.done();
        try {
            return withCookie(signIn.withPassword(name, password, call.address(), agent(call)));
        } catch (SignInRefused refused) {
            throw Problem.refusedSignIn(refused);
        }
    }

    private Answer look(Call call) {
        Fields fields = call.fields();
        String secret = fields.text("secret", SECRET_MAX);
        fields.done();
        try {
            Link link = signIn.look(secret, call.address())
                    .orElseThrow(() -> Problem.notFound("This link is not good any more: ask for a new one."));
            return Answer.ok(new JsonObject()
                    .put("administrator", link.administrator())
                    .put("first", link.administrator() == null));
        } catch (SignInRefused refused) {
            throw Problem.refusedSignIn(refused);
        }
    }

    private Answer use(Call call) {
        Fields fields = call.fields();
        String secret = fields.text("secret", SECRET_MAX);
        String name =
                fields.parsed("name", NAME_MAX, Administrator::checkedName).orElse(null);
        String password = fields.text("password", PASSWORD_READ_MAX);
        fields.done();
        try {
            return withCookie(signIn.withLink(secret, name, password, call.address(), agent(call)));
        } catch (SignInRefused refused) {
            throw Problem.refusedSignIn(refused);
        }
    }

    private Answer show(Call call) {
        Browser browser = browser(call);
        return Answer.ok(new JsonObject()
                .put("id", browser.id())
                .put("administrator", browser.administrator().name())
                .put("role", browser.administrator().role().word())
                .put("has_password", browser.administrator().passwordHash() != null)
                .put("permissions", scopes(call.principal()))
                .put(
                        "confirmed_until",
                        browser.confirmedAt().plus(SignIn.CONFIRMED_FOR).toString())
                .put("csrf_token", SecretText.csrfToken(call.cookie().orElseThrow())));
    }

    private Answer end(Call call) {
        Browser browser = browser(call);
        audit.inTransaction(() -> {
            store.endSession(browser.id());
            audit.append(new AuditLog.Entry(
                    call.actor(),
                    "sign_out",
                    "administrator/" + browser.administrator().name(),
                    null,
                    null));
            return browser;
        });
        return Answer.none().cookie(cookie("", 0)).with("Clear-Site-Data", "\"storage\"");
    }

    private Answer confirm(Call call) {
        Fields fields = call.fields();
        String password = fields.text("password", PASSWORD_READ_MAX);
        fields.done();
        confirm(call, password);
        return Answer.none();
    }

    private Answer changePassword(Call call) {
        Fields fields = call.fields();
        String old = fields.text("password", PASSWORD_READ_MAX);
        String wanted = fields.text("new_password", PASSWORD_READ_MAX);
        fields.done();
        confirm(call, old);
        signIn.changePassword(session(call), wanted);
        return Answer.none();
    }

    private void confirm(Call call, String password) {
        try {
            signIn.confirm(session(call), password, call.address());
        } catch (SignInRefused refused) {
            throw refused.retryAfter() == null
                    ? Problem.of(403, "wrong-password", "Not confirmed", "The password is wrong.")
                    : Problem.refusedSignIn(refused);
        }
    }

    private Session session(Call call) {
        return store.useSession(SecretText.digest(call.cookie().orElseThrow()), SignIn.IDLE_MAX, SignIn.LIFE_MAX)
                .orElseThrow(Problem::unauthenticated);
    }

    private static Browser browser(Call call) {
        return Objects.requireNonNull(call.principal().session(), "only browsers come here");
    }

    private static JsonArray scopes(Principal principal) {
        return new JsonArray(
                principal.permissions().stream().map(Permission::scope).sorted().toList());
    }

    private static Answer withCookie(String secret) {
        return Answer.none().cookie(cookie(secret));
    }

    /** Of a new session. */
    static String cookie(String secret) {
        return cookie(secret, SignIn.LIFE_MAX.toSeconds());
    }

    private static String cookie(String value, long seconds) {
        return Call.COOKIE + "=" + value + "; Path=/; Max-Age=" + seconds + "; Secure; HttpOnly; SameSite=Strict";
    }

    static String agent(Call call) {
        String agent = call.header("user-agent").orElse("unknown");
        return agent.length() > AGENT_MAX ? agent.substring(0, AGENT_MAX) : agent;
    }
}
