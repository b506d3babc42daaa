package dev.parley.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.server.BrokerTester;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What an attacker tries on the admin plane, each against a whole broker; the matrix is printed. */
class AdminAttacksIT {
    private static final JsonObject TENANT = new JsonObject().put("id", "stolen");
    private static final List<String> MATRIX = new ArrayList<>();
    private static BrokerTester tester;
    private static URI admin;
    private static Operator owner;

    @BeforeAll
    static void start() throws Exception {
        tester = BrokerTester.start(Map.of("PARLEY_ADMIN_TRUSTED_PROXIES", "127.0.0.1/32"));
        admin = tester.adminUrl();
        owner = Operator.first(admin, tester.broker().firstLink().orElseThrow());
    }

    @AfterAll
    static void stop() throws Exception {
        System.out.println("attacks on the admin plane:\n" + String.join("\n", MATRIX));
        tester.close();
    }

    @Test
    void nobodyGetsInWithoutACredential() throws Exception {
        Operator stranger = Operator.stranger(admin);
        for (String path :
                List.of("/tenants", "/sessions", "/sessions/stream", "/audit", "/administrators", "/overview")) {
            refused("no credential, GET " + path, 401, stranger.send("GET", path, null));
        }
        refused("no credential, POST /tenants", 401, stranger.send("POST", "/tenants", TENANT));
        refused(
                "a cookie that was made up",
                401,
                Operator.stranger(admin)
                        .header("Cookie", "__Host-parley=" + "A".repeat(43))
                        .send("GET", "/tenants", null));
        refused(
                "an API token that was made up",
                401,
                Operator.withToken(admin, "pat_" + "A".repeat(43)).send("GET", "/tenants", null));
        refused(
                "a tenant's token",
                401,
                Operator.withToken(admin, tester.token("mallory")).send("GET", "/tenants", null));
        refused(
                "the session's id in place of its secret",
                401,
                Operator.stranger(admin)
                        .header(
                                "Cookie",
                                "__Host-parley=" + owner.get("/session").getString("id"))
                        .send("GET", "/tenants", null));
    }

    @Test
    void anotherSitesPageCannotUseTheCookie() throws Exception {
        refused("no CSRF token", 403, owner.copy().without("X-CSRF-Token").send("POST", "/tenants", TENANT));
        refused(
                "a wrong CSRF token",
                403,
                owner.copy().header("X-CSRF-Token", "A".repeat(43)).send("POST", "/tenants", TENANT));
        for (String origin : List.of(
                "https://evil.example",
                "null",
                "http://" + admin.getAuthority() + ".evil.example",
                "http://evil.example@" + admin.getAuthority(),
                "http://127.0.0.1:1")) {
            refused(
                    "origin " + origin,
                    403,
                    owner.copy().header("Origin", origin).send("POST", "/tenants", TENANT));
        }
        refused(
                "Sec-Fetch-Site: cross-site",
                403,
                owner.copy().header("Sec-Fetch-Site", "cross-site").send("POST", "/tenants", TENANT));
        refused(
                "sign-in from another site",
                403,
                Operator.stranger(admin)
                        .header("Origin", "https://evil.example")
                        .send(
                                "POST",
                                "/session",
                                new JsonObject().put("name", "root").put("password", Operator.PASSWORD)));
        assertThat(owner.status("GET", "/tenants/stolen", null)).isEqualTo(404);
    }

    @Test
    void aViewerDoesNoOperatorsWork() throws Exception {
        Operator viewer = administrator("viewer-1", "viewer");
        Operator operator = administrator("operator-1", "operator");
        refused("viewer makes a tenant", 403, viewer.send("POST", "/tenants", TENANT));
        refused(
                "viewer mints a token",
                403,
                viewer.send("POST", "/tenants/demo/tokens", new JsonObject().put("subject", "x")));
        refused("viewer ends a session", 403, viewer.send("POST", "/sessions/psn_x/end", new JsonObject()));
        refused("viewer drains a node", 403, viewer.send("POST", "/nodes/x/drain", new JsonObject()));
        refused("viewer lists administrators", 403, viewer.send("GET", "/administrators", null));
        refused(
                "operator makes an owner",
                403,
                operator.send(
                        "POST",
                        "/administrators",
                        new JsonObject().put("name", "mine").put("role", "owner")));
        refused(
                "operator makes itself owner",
                403,
                operator.copy()
                        .header("If-Match", "\"1\"")
                        .send("PATCH", "/administrators/operator-1", new JsonObject().put("role", "owner")));
        refused(
                "operator makes an API token",
                403,
                operator.send(
                        "POST",
                        "/api-tokens",
                        new JsonObject().put("name", "x").put("permissions", new JsonArray().add("tenants:write"))));
        assertThat(viewer.status("GET", "/tenants", null)).isEqualTo(200);
    }

    @Test
    void thePlaygroundsSocketIsNoWayIn() throws Exception {
        String path = "/playground/socket?model=gpt-realtime";
        refused(
                "a playground without a credential",
                401,
                Operator.stranger(admin).send("GET", path, null));
        refused(
                "a playground for another site's page",
                403,
                owner.copy().header("Origin", "https://evil.example").send("GET", path, null));
        refused("a playground without a tenant's token", 400, owner.send("GET", path, null));
        Operator viewer = administrator("viewer-2", "viewer");
        refused(
                "viewer gets a token for the playground",
                403,
                viewer.send("POST", "/playground/tokens", new JsonObject().put("tenant", "demo")));
        refused(
                "viewer adds an upstream account",
                403,
                viewer.send(
                        "POST",
                        "/accounts",
                        new JsonObject().put("name", "mine").put("key", "x")));
        refused(
                "viewer sends events elsewhere",
                403,
                viewer.send("POST", "/webhooks", new JsonObject().put("url", "https://evil.example")));
        refused(
                "a sign-in at a provider that is not set",
                404,
                Operator.stranger(admin).send("GET", "/oidc/start", null));
    }

    @Test
    void aTokenCannotMakeABetterOne() throws Exception {
        String token = owner.post(
                        "/api-tokens",
                        new JsonObject()
                                .put("name", "maker")
                                .put("permissions", new JsonArray().add("administrators:write")))
                .getString("token");
        refused(
                "a token gives what it has not",
                422,
                Operator.withToken(admin, token)
                        .send(
                                "POST",
                                "/api-tokens",
                                new JsonObject()
                                        .put("name", "x")
                                        .put("permissions", new JsonArray().add("tenants:write"))));
        JsonObject root = administratorRow("root");
        Operator maker = Operator.withToken(admin, token);
        refused(
                "a token makes an owner",
                403,
                maker.send(
                        "POST",
                        "/administrators",
                        new JsonObject().put("name", "mine").put("role", "owner")));
        refused("a token gets at the owner's password", 403, maker.send("POST", "/administrators/root/link", null));
        Operator meant = maker.copy().header("If-Match", "\"" + root.getLong("generation") + "\"");
        refused("a token deletes the owner", 403, meant.send("DELETE", "/administrators/root", null));
        refused(
                "a token disables the owner",
                403,
                meant.send("PATCH", "/administrators/root", new JsonObject().put("disabled", true)));
        refused(
                "a token takes a browser's session",
                401,
                Operator.withToken(admin, token).send("GET", "/session", null));
    }

    @Test
    void aTokenCanDoNoMoreThanItsMakerCanNow() throws Exception {
        JsonObject maker = new JsonObject().put("name", "maker-of-tokens").put("role", "owner");
        owner.post("/administrators", maker);
        JsonObject made = apiToken(owner, "prices:write", "administrators:write", "tenants:read");
        // As if they had made it: each sign-in here is one of the few that an address may try.
        tester.database()
                .execute("update api_token set administrator_id ="
                        + " (select id from administrator where name = 'maker-of-tokens') where id = '"
                        + made.getString("id") + "'");
        Operator token = Operator.withToken(admin, made.getString("token"));
        JsonObject grandchild = apiToken(token, "tenants:read");
        Operator other = Operator.withToken(admin, grandchild.getString("token"));
        assertThat(grandchild.getString("expires_at")).isEqualTo(made.getString("expires_at"));
        assertThat(other.status("GET", "/tenants", null)).isEqualTo(200);
        String path = "/administrators/maker-of-tokens";

        changed(path, new JsonObject().put("role", "viewer"));
        refused(
                "a token of an owner who is viewer now adds a model",
                403,
                token.send("POST", "/models", new JsonObject().put("name", "stolen")));
        refused(
                "the same token makes another",
                403,
                token.send("POST", "/api-tokens", new JsonObject().put("name", "x")));
        assertThat(token.status("GET", "/tenants", null)).isEqualTo(200);
        assertThat(apiTokenRow(made).getJsonArray("usable_permissions")).isEqualTo(new JsonArray().add("tenants:read"));

        changed(path, new JsonObject().put("disabled", true));
        refused("a token of somebody who is disabled", 401, token.send("GET", "/tenants", null));
        refused("a token that this token made", 401, other.send("GET", "/tenants", null));
        assertThat(apiTokenRow(grandchild).getString("state")).isEqualTo("administrator_disabled");
        changed(path, new JsonObject().put("disabled", false));
        assertThat(other.status("GET", "/tenants", null)).isEqualTo(200);

        long generation = administratorRow("maker-of-tokens").getLong("generation");
        assertThat(owner.copy().header("If-Match", "\"" + generation + "\"").status("DELETE", path, null))
                .isEqualTo(204);
        owner.post("/administrators", maker);
        refused("a token of somebody whose name another has now", 401, token.send("GET", "/tenants", null));
        refused("a token that this token made, too", 401, other.send("GET", "/tenants", null));
        assertThat(apiTokenRow(made).getString("state")).isEqualTo("revoked");
        assertThat(owner.get("/audit?target=api_token/" + grandchild.getString("id"))
                        .encode())
                .contains("api_token.revoke");
    }

    @Test
    void withATokenEndThoseThatItMade() throws Exception {
        JsonObject made = apiToken(owner, "administrators:write", "tenants:read");
        Operator token = Operator.withToken(admin, made.getString("token"));
        JsonObject child = apiToken(token, "administrators:write", "tenants:read");
        Operator second = Operator.withToken(admin, child.getString("token"));
        Operator third =
                Operator.withToken(admin, apiToken(second, "tenants:read").getString("token"));
        assertThat(third.status("GET", "/tenants", null)).isEqualTo(200);

        assertThat(owner.status("DELETE", "/api-tokens/" + made.getString("id"), null))
                .isEqualTo(204);

        refused("a token whose maker was revoked", 401, second.send("GET", "/tenants", null));
        refused("a token whose maker's maker was revoked", 401, third.send("GET", "/tenants", null));
        assertThat(apiTokenRow(child).getString("state")).isEqualTo("revoked");
    }

    private static JsonObject apiToken(Operator maker, String... permissions) throws Exception {
        return maker.post(
                "/api-tokens",
                new JsonObject()
                        .put("name", "robot")
                        .put("expires_in_days", maker.headers().containsKey("Authorization") ? 90 : 1)
                        .put("permissions", new JsonArray(List.of(permissions))));
    }

    private static JsonObject apiTokenRow(JsonObject made) throws Exception {
        return owner.get("/api-tokens").getJsonArray("items").stream()
                .map(JsonObject.class::cast)
                .filter(row -> row.getString("id").equals(made.getString("id")))
                .findFirst()
                .orElseThrow();
    }

    private static void changed(String path, JsonObject change) throws Exception {
        String name = path.substring(path.lastIndexOf('/') + 1);
        long generation = administratorRow(name).getLong("generation");
        HttpResponse<String> answer =
                owner.copy().header("If-Match", "\"" + generation + "\"").send("PATCH", path, change);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }

    @Test
    void nobodyMakesUpWhereTheyComeFrom() throws Exception {
        Operator attacker = Operator.stranger(admin);
        JsonObject guess = new JsonObject().put("password", "wrong wrong wrong");
        List<HttpResponse<String>> answers = new ArrayList<>();
        do {
            int no = answers.size();
            answers.add(attacker.header("X-Forwarded-For", "192.0.2." + no + ", 203.0.113.66")
                    .send("POST", "/session", guess.copy().put("name", "guessed-" + no)));
        } while (answers.size() < 30 && answers.getLast().statusCode() == 401);
        HttpResponse<String> last = answers.getLast();
        refused("tries from made-up addresses", 429, last);
        assertThat(owner.get("/audit?actor=administrator:guessed-0").encode())
                .contains("203.0.113.66")
                .doesNotContain("192.0.2.");
        assertThat(last.headers().map()).doesNotContainKey("strict-transport-security");
        assertThat(attacker.header("X-Forwarded-Proto", "https")
                        .send("GET", "/sign-in-ways", null)
                        .headers()
                        .firstValue("strict-transport-security"))
                .hasValue("max-age=31536000");
    }

    @Test
    void aSessionCannotBeFixedAndEndsWhenItShould() throws Exception {
        Operator fixed = Operator.stranger(admin).header("Cookie", "__Host-parley=chosen-by-the-attacker");
        HttpResponse<String> begun = fixed.send(
                "POST", "/session", new JsonObject().put("name", "root").put("password", Operator.PASSWORD));
        assertThat(begun.headers().firstValue("set-cookie").orElseThrow())
                .doesNotContain("chosen-by-the-attacker")
                .contains("Path=/", "Secure", "HttpOnly", "SameSite=Strict")
                .doesNotContain("Domain=");
        refused("a session that the attacker chose", 401, fixed.send("GET", "/tenants", null));

        Operator leaver = administrator("leaver", "operator");
        assertThat(leaver.status("DELETE", "/session", null)).isEqualTo(204);
        refused("a cookie after the sign-out", 401, leaver.send("GET", "/tenants", null));

        Operator dismissed = administrator("dismissed", "operator");
        JsonObject row = administratorRow("dismissed");
        HttpResponse<String> disabled = owner.copy()
                .header("If-Match", "\"" + row.getLong("generation") + "\"")
                .send("PATCH", "/administrators/dismissed", new JsonObject().put("disabled", true));
        assertThat(disabled.statusCode()).as(disabled.body()).isEqualTo(200);
        refused("a cookie of somebody who was disabled", 401, dismissed.send("GET", "/tenants", null));

        String path = "/administrators/dismissed";
        refused("a deletion meant for no version", 428, owner.send("DELETE", path, null));
        refused(
                "a deletion meant for the version before",
                412,
                owner.copy()
                        .header("If-Match", "\"" + row.getLong("generation") + "\"")
                        .send("DELETE", path, null));
        assertThat(owner.copy()
                        .header(
                                "If-Match",
                                disabled.headers().firstValue("etag").orElseThrow())
                        .status("DELETE", path, null))
                .isEqualTo(204);
    }

    @Test
    void anOldPasswordDoesNotCountForChanges() throws Exception {
        Operator slow = administrator("slow", "operator");
        tester.database()
                .execute("update console_session set confirmed_at = now() - interval '31 minutes'"
                        + " where administrator_id = (select id from administrator where name = 'slow')");
        HttpResponse<String> refused = slow.send("POST", "/tenants", TENANT);
        refused("a change, half an hour after the password", 403, refused);
        assertThat(refused.body()).contains("confirmation-required");
        refused(
                "confirming with a wrong password",
                403,
                slow.send("POST", "/session/confirmation", new JsonObject().put("password", "wrong")));
        assertThat(slow.status("POST", "/session/confirmation", new JsonObject().put("password", Operator.PASSWORD)))
                .isEqualTo(204);
        assertThat(slow.status("POST", "/tenants", new JsonObject().put("id", "confirmed")))
                .isEqualTo(201);
    }

    @Test
    void theLastOwnerStays() throws Exception {
        JsonObject row = administratorRow("root");
        refused(
                "the last owner is demoted",
                409,
                owner.copy()
                        .header("If-Match", "\"" + row.getLong("generation") + "\"")
                        .send("PATCH", "/administrators/root", new JsonObject().put("role", "viewer")));
        refused(
                "the last owner is deleted",
                409,
                owner.copy()
                        .header("If-Match", "\"" + row.getLong("generation") + "\"")
                        .send("DELETE", "/administrators/root", null));
        assertThat(administratorRow("root").getString("role")).isEqualTo("owner");
    }

    @Test
    void nobodyTakesAllStreams() throws Exception {
        Operator greedy = Operator.withToken(
                admin,
                owner.post(
                                "/api-tokens",
                                new JsonObject()
                                        .put("name", "greedy")
                                        .put("permissions", new JsonArray().add("sessions:read")))
                        .getString("token"));
        List<HttpResponse<InputStream>> streams = new ArrayList<>();
        try {
            for (int i = 0; i < SessionStream.OWN_MAX; i++) {
                streams.add(greedy.open("/sessions/stream"));
            }
            assertThat(streams).allMatch(stream -> stream.statusCode() == 200);
            streams.add(greedy.open("/sessions/stream"));
            assertThat(streams.getLast().statusCode()).isEqualTo(429);
            streams.add(owner.open("/sessions/stream"));
            assertThat(streams.getLast().statusCode()).isEqualTo(200);
        } finally {
            for (HttpResponse<InputStream> stream : streams) {
                stream.body().close();
            }
        }
    }

    @Test
    void whatIsGuessedOrBrokenIsRefused() throws Exception {
        refused("a guessed session", 404, owner.send("GET", "/sessions/psn_guess", null));
        refused("a path that climbs", 404, owner.send("GET", "/tenants/..%2f..%2fetc", null));
        refused("SQL in a cursor", 400, owner.send("GET", "/audit?cursor=1%3Bdrop%20table%20tenant", null));
        refused("SQL in a grouping", 400, owner.send("GET", "/usage?by=tenant_id;drop", null));
        refused("a list without end", 400, owner.send("GET", "/tenants?limit=1000000", null));
        refused(
                "a body of a megabyte",
                413,
                owner.send("POST", "/tenants", new JsonObject().put("id", "x".repeat(1 << 20))));
        refused("the character 0 in a path", 400, owner.send("GET", "/sessions/a%00b", null));
        refused("the character 0 in a filter", 400, owner.send("GET", "/errors?code=a%00b", null));
        refused(
                "the character 0 in a name at the sign-in",
                422,
                Operator.stranger(admin)
                        .send(
                                "POST",
                                "/session",
                                new JsonObject().put("name", "a\0b").put("password", "x")));
        refused(
                "the character 0 in a list",
                422,
                owner.send(
                        "POST",
                        "/tenants",
                        new JsonObject()
                                .put("id", "voiced")
                                .put("own", new JsonObject().put("voices", new JsonArray().add("a\0b")))));
        refused(
                "a time that no calendar has",
                400,
                owner.send("GET", "/usage?bucket=none&to=%2B999999999-12-31T00:00:00Z", null));
        refused(
                "a time before all times",
                400,
                owner.send("GET", "/errors/groups?to=-1000000000-01-01T00:00:00Z", null));
        refused(
                "a price from a time that no calendar has",
                422,
                owner.send(
                        "POST",
                        "/models/gpt-realtime/prices",
                        new JsonObject()
                                .put("valid_from", "+999999999-12-31T00:00:00Z")
                                .put("minute_nano", 1)));
        refused("an unknown operation", 404, owner.send("GET", "/secrets", null));
    }

    @Test
    void everyAnswerForbidsWhatAScriptInANameWouldNeed() throws Exception {
        owner.post("/tenants", new JsonObject().put("id", "scripted").put("name", "<script>alert(1)</script>"));
        HttpResponse<String> answer = owner.send("GET", "/tenants/scripted", null);
        assertThat(answer.headers().firstValue("content-type")).hasValue("application/json");
        assertThat(answer.headers().firstValue("x-content-type-options")).hasValue("nosniff");
        assertThat(answer.headers().firstValue("cache-control")).hasValue("no-store");
        assertThat(answer.headers().firstValue("content-security-policy").orElseThrow())
                .contains("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'")
                .doesNotContain("unsafe");
    }

    private static void refused(String attack, int expected, HttpResponse<String> answer) {
        synchronized (MATRIX) {
            MATRIX.add("  %-50s %d %s"
                    .formatted(
                            attack,
                            answer.statusCode(),
                            answer.statusCode() == expected ? "refused" : "NOT AS EXPECTED"));
        }
        assertThat(answer.statusCode()).as(attack + ": " + answer.body()).isEqualTo(expected);
    }

    private static JsonObject administratorRow(String name) throws Exception {
        return owner.get("/administrators").getJsonArray("items").stream()
                .map(JsonObject.class::cast)
                .filter(row -> row.getString("name").equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static Operator administrator(String name, String role) throws Exception {
        String link = owner.post(
                        "/administrators", new JsonObject().put("name", name).put("role", role))
                .getString("link_secret");
        return Operator.withLink(admin, link);
    }
}
