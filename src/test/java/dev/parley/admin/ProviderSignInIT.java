package dev.parley.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.clients.NodePackage;
import dev.parley.server.BrokerTester;
import io.vertx.core.json.JsonObject;
import java.net.CookieManager;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Administrators sign in at a certified OpenID provider ({@code oidc-provider} of npm), by the code flow with PKCE. */
class ProviderSignInIT {
    private static final Path FOLDER = Path.of("src/test/browser");
    private static final String PROVIDERS_COOKIE = "__Host-parley-oidc=";

    private static BrokerTester tester;
    private static Process provider;
    private static Operator owner;
    private static URI admin;

    @BeforeAll
    static void start() throws Exception {
        NodePackage.install(FOLDER);
        int adminPort = freePort();
        int port = freePort();
        String redirect = "http://127.0.0.1:" + adminPort + "/api/v1/oidc/callback";
        provider = NodePackage.serve(
                FOLDER,
                List.of("node", "oidc.mjs"),
                Map.of("OIDC_PORT", Integer.toString(port), "OIDC_REDIRECT", redirect));
        tester = BrokerTester.start(Map.of(
                "PARLEY_ADMIN_PORT", Integer.toString(adminPort),
                "PARLEY_OIDC_ISSUER", "http://127.0.0.1:" + port,
                "PARLEY_OIDC_CLIENT_ID", "parley",
                "PARLEY_OIDC_CLIENT_SECRET", "a secret of the client",
                "PARLEY_OIDC_REDIRECT_URL", redirect,
                "PARLEY_OIDC_OWNER_GROUPS", "parley-owners",
                "PARLEY_OIDC_VIEWER_GROUPS", "parley-viewers"));
        admin = tester.adminUrl();
        owner = Operator.first(admin, tester.broker().firstLink().orElseThrow());
    }

    @AfterAll
    static void stop() throws Exception {
        provider.destroy();
        tester.close();
    }

    @Test
    void givesTheRoleOfTheGroupAndAPasswordIsNotNeeded() throws Exception {
        Attempt attempt = begun("/oidc/start");
        HttpResponse<String> back = attempt.comeBack("olivia");

        assertThat(back.headers().firstValue("location")).hasValue("/");
        JsonObject me = signedIn(back).get("/session");
        assertThat(me.getString("administrator")).isEqualTo("olivia@example.com");
        assertThat(me.getString("role")).isEqualTo("owner");
        assertThat(me.getBoolean("has_password")).isFalse();
        assertThat(actionsOf("olivia@example.com")).contains("sign_in.provider", "administrator.create");
    }

    @Test
    void aViewerOfTheProviderChangesNothing() throws Exception {
        Operator viewer = signedIn(begun("/oidc/start").comeBack("victor"));

        assertThat(viewer.status("GET", "/tenants", null)).isEqualTo(200);
        assertThat(viewer.status("POST", "/tenants", new JsonObject().put("id", "x")))
                .isEqualTo(403);
    }

    @Test
    void refusesWhomNoGroupLetsInAndNotesIt() throws Exception {
        HttpResponse<String> back = begun("/oidc/start").comeBack("nobody");

        assertThat(back.headers().firstValue("location")).hasValue("/#/?refused=not-allowed");
        assertThat(back.headers().allValues("set-cookie")).noneMatch(cookie -> cookie.startsWith("__Host-parley="));
        assertThat(actionsOf("nobody@example.com")).containsExactly("sign_in.refused");

        begun("/oidc/start").comeBack("olivia");
        tester.database()
                .execute("insert into administrator (name, role, subject) select 'left@example.com', 'operator',"
                        + " replace(subject, 'olivia', 'nobody') from administrator where subject like '%olivia'");
        tester.database()
                .execute(
                        "insert into api_token (id, name, digest, permissions, created_by, administrator_id, expires_at)"
                                + " select 'at_left', 'left', sha256('pat_left'), '{tenants:read}', 'administrator:' || name, id,"
                                + " now() + interval '1 day' from administrator where name = 'left@example.com'");
        Operator token = Operator.withToken(admin, "pat_left");
        assertThat(token.status("GET", "/tenants", null)).isEqualTo(200);
        begun("/oidc/start").comeBack("nobody");
        assertThat(token.status("GET", "/tenants", null)).isEqualTo(401);
        assertThat(actionsOf("left@example.com")).containsExactly("api_token.revoke");
    }

    @Test
    void takesNobodyForALocalAdministratorOfTheSameName() throws Exception {
        owner.post(
                "/administrators",
                new JsonObject().put("name", "root@example.com").put("role", "viewer"));

        HttpResponse<String> back = begun("/oidc/start").comeBack("root");

        assertThat(back.headers().firstValue("location")).hasValue("/#/?refused=not-allowed");
        assertThat(tester.database().query("select count(*) from administrator where subject like '%root'"))
                .isEqualTo("0");
    }

    @Test
    void aCodeIsGoodOnceAndOnlyForTheBrowserThatBegan() throws Exception {
        Attempt stolen = begun("/oidc/start");
        URI callback = stolen.callback("olivia");

        assertThat(come(callback, "")).isEqualTo("/#/?refused=expired");
        assertThat(come(callback, begun("/oidc/start").cookie())).isEqualTo("/#/?refused=failed");
        assertThat(come(URI.create(callback + "x"), stolen.cookie())).isEqualTo("/#/?refused=failed");
        assertThat(come(callback, stolen.cookie())).isEqualTo("/");
        assertThat(come(callback, stolen.cookie())).isEqualTo("/#/?refused=failed");
        assertThat(tester.database()
                        .query("select after::json ->> 'why' from audit_entry where actor = 'stranger'"
                                + " and action = 'sign_in.refused' and target = 'provider' order by no limit 1"))
                .isEqualTo("another browser began this sign-in");
    }

    @Test
    void aConfirmationAsksTheProviderForThePasswordAndReplacesTheSession() throws Exception {
        Operator signedIn = signedIn(begun("/oidc/start").comeBack("olivia"));
        String old = signedIn.get("/session").getString("id");
        tester.database()
                .execute("update console_session set confirmed_at = now() - interval '31 minutes' where id = '" + old
                        + "'");
        JsonObject tenant = new JsonObject().put("id", "confirmed-by-provider");
        assertThat(signedIn.status("POST", "/tenants", tenant)).isEqualTo(403);

        Attempt again = begun("/oidc/start?confirm=true", signedIn);
        assertThat(again.address().getRawQuery()).contains("prompt=login", "max_age=0");
        Operator confirmed = signedIn(again.comeBack("olivia"));

        assertThat(confirmed.status("POST", "/tenants", tenant)).isEqualTo(201);
        assertThat(signedIn.status("GET", "/tenants", null)).isEqualTo(401);
    }

    @Test
    void aProviderThatLetsInWithoutAPasswordConfirmsNothing() throws Exception {
        Operator signedIn = signedIn(begun("/oidc/start").comeBack("olivia"));

        HttpResponse<String> refused =
                signedIn.send("POST", "/tenants", new JsonObject().put("id", "unconfirmed-by-provider"));

        assertThat(refused.statusCode()).isEqualTo(403);
        assertThat(refused.body()).contains("confirmation-required");
    }

    private static Attempt begun(String path) throws Exception {
        return begun(path, Operator.stranger(admin));
    }

    private static Attempt begun(String path, Operator browser) throws Exception {
        HttpResponse<String> response = browser.send("GET", path, null);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(302);
        String cookie = response.headers().firstValue("set-cookie").orElseThrow();
        assertThat(cookie).startsWith(PROVIDERS_COOKIE).contains("HttpOnly", "Secure", "SameSite=Lax", "Path=/;");
        return new Attempt(
                URI.create(response.headers().firstValue("location").orElseThrow()),
                cookie.substring(0, cookie.indexOf(';')));
    }

    private static String come(URI callback, String cookie) throws Exception {
        return Attempt.get(HttpClient.newHttpClient(), callback, cookie)
                .headers()
                .firstValue("location")
                .orElseThrow();
    }

    private static Operator signedIn(HttpResponse<String> back) throws Exception {
        String cookie = back.headers().allValues("set-cookie").stream()
                .filter(one -> one.startsWith("__Host-parley="))
                .findFirst()
                .orElseThrow();
        Operator operator = Operator.stranger(admin).header("Cookie", cookie.substring(0, cookie.indexOf(';')));
        return operator.header("X-CSRF-Token", operator.get("/session").getString("csrf_token"));
    }

    private static List<String> actionsOf(String name) throws Exception {
        return owner
                .get("/audit?limit=500&actor=" + URLEncoder.encode(name, StandardCharsets.UTF_8))
                .getJsonArray("items")
                .stream()
                .map(entry -> ((JsonObject) entry).getString("action"))
                .toList();
    }

    private static int freePort() throws Exception {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** A browser at the provider. */
    private record Attempt(URI address, String cookie) {
        HttpResponse<String> comeBack(String login) throws Exception {
            return get(HttpClient.newHttpClient(), callback(login), cookie);
        }

        /** Gives a password and consents; where the provider then sends the browser. */
        URI callback(String login) throws Exception {
            HttpClient browser =
                    HttpClient.newBuilder().cookieHandler(new CookieManager()).build();
            URI at = address;
            for (int step = 0; step < 20 && !at.getPath().endsWith("/oidc/callback"); step++) {
                HttpResponse<String> page = get(browser, at, "");
                if (page.statusCode() == 200) {
                    boolean consents = page.body().contains("value=\"consent\"");
                    page = post(
                            browser, at, consents ? "prompt=consent" : "prompt=login&login=" + login + "&password=x");
                }
                at = at.resolve(page.headers().firstValue("location").orElseThrow());
            }
            return at;
        }

        static HttpResponse<String> get(HttpClient browser, URI at, String cookie) throws Exception {
            HttpRequest.Builder request = HttpRequest.newBuilder(at);
            if (!cookie.isEmpty()) {
                request.header("Cookie", cookie);
            }
            return browser.send(request.build(), BodyHandlers.ofString());
        }

        private static HttpResponse<String> post(HttpClient browser, URI at, String form) throws Exception {
            return browser.send(
                    HttpRequest.newBuilder(at)
                            .header("Content-Type", "application/x-www-form-urlencoded")
                            .POST(BodyPublishers.ofString(form))
                            .build(),
                    BodyHandlers.ofString());
        }
    }
}
