package dev.parley.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.protocol.Schemas;
import dev.parley.server.BrokerTester;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The admin API through a whole broker. */
class AdminApiIT {
    private static BrokerTester tester;
    private static Operator owner;
    private static int tenants;

    @BeforeAll
    static void start() throws Exception {
        tester = BrokerTester.start();
        owner = Operator.first(tester.adminUrl(), tester.broker().firstLink().orElseThrow());
    }

    @AfterAll
    static void stop() throws Exception {
        tester.close();
    }

    @Test
    void theFirstLinkWorksOnce() throws Exception {
        String secret = tester.broker().firstLink().orElseThrow();
        secret = secret.substring(secret.lastIndexOf('/') + 1);
        JsonObject again =
                new JsonObject().put("secret", secret).put("name", "other").put("password", Operator.PASSWORD);

        assertThat(Operator.stranger(tester.adminUrl()).status("POST", "/sign-in-links/use", again))
                .isEqualTo(401);
        assertThat(owner.get("/session").getString("role")).isEqualTo("owner");
        assertThat(owner.get("/administrators").getJsonArray("items")).hasSize(1);
    }

    @Test
    void createsATenantWithAnAuditEntry() throws Exception {
        JsonObject own = new JsonObject()
                .put("limits", new JsonObject().put("sessions_max", 3).putNull("output_tokens_max"))
                .put("budgets", new JsonArray().add(budget("main", "2500000000")));
        String id = name();
        owner.copy()
                .header("X-Forwarded-For", "203.0.113.5")
                .post("/tenants", new JsonObject().put("id", id).put("own", own));

        JsonObject tenant = owner.get("/tenants/" + id);
        assertThat(tenant.getJsonObject("own").getJsonObject("limits")).isEqualTo(own.getJsonObject("limits"));
        assertThat(limit(id, "session_length_max_seconds")).isEqualTo(3_600);
        JsonObject entry =
                owner.get("/audit?target=tenant/" + id).getJsonArray("items").getJsonObject(0);
        assertThat(entry.getString("action")).isEqualTo("tenant.create");
        assertThat(entry.getString("actor")).isEqualTo("administrator:root");
        assertThat(entry.getString("address")).isEqualTo("127.0.0.1");
        assertThat(entry.getJsonObject("after").getJsonObject("own").encode()).contains("2500000000");
    }

    @Test
    void twoOperatorsCannotOverwriteEachOther() throws Exception {
        String id = tenant(new JsonObject());
        String tag = tag(owner.send("GET", "/tenants/" + id, null));

        HttpResponse<String> first =
                owner.copy().header("If-Match", tag).send("PATCH", "/tenants/" + id, sessionsMax(7));
        HttpResponse<String> second =
                owner.copy().header("If-Match", tag).send("PATCH", "/tenants/" + id, sessionsMax(9));

        assertThat(first.statusCode()).as(first.body()).isEqualTo(200);
        assertThat(tag(first)).isNotEqualTo(tag);
        assertThat(second.statusCode()).isEqualTo(412);
        assertThat(limit(id, "sessions_max")).isEqualTo(7);
        assertThat(owner.status("PATCH", "/tenants/" + id, sessionsMax(9))).isEqualTo(428);
        JsonObject entry =
                owner.get("/audit?target=tenant/" + id).getJsonArray("items").getJsonObject(0);
        assertThat(entry.getJsonObject("before").fieldNames()).containsExactly("own");
        assertThat(entry.getJsonObject("after").getJsonObject("own").getJsonObject("limits"))
                .isEqualTo(new JsonObject().put("sessions_max", 7));
    }

    @Test
    void tellsEveryMistakeAtOnce() throws Exception {
        HttpResponse<String> refused = owner.send(
                "POST",
                "/tenants",
                new JsonObject()
                        .put("id", "Not A Name")
                        .put(
                                "own",
                                new JsonObject()
                                        .put(
                                                "limits",
                                                new JsonObject()
                                                        .put("sessions_max", "ten")
                                                        .put("length", 1))
                                        .put("budgets", new JsonArray().add(budget("main", "1.5"))))
                        .put("colour", "red"));

        assertThat(refused.statusCode()).isEqualTo(422);
        assertThat(refused.headers().firstValue("content-type")).hasValue("application/problem+json");
        JsonObject problem = new JsonObject(refused.body());
        assertThat(problem.getString("type")).isEqualTo("urn:parley:problem:invalid");
        assertThat(problem.getJsonArray("errors").stream().map(error -> ((JsonObject) error).getString("field")))
                .containsExactlyInAnyOrder(
                        "id", "own.budgets[0].amount", "own.limits.sessions_max", "own.limits.length", "colour");
    }

    @Test
    void aRepeatedCreateIsAnsweredLikeTheFirst() throws Exception {
        JsonObject wanted = new JsonObject().put("id", name());
        Operator keyed = owner.copy().header("Idempotency-Key", wanted.getString("id"));

        HttpResponse<String> first = keyed.send("POST", "/tenants", wanted);
        HttpResponse<String> again = keyed.send("POST", "/tenants", wanted);
        int other = keyed.status("POST", "/tenants", new JsonObject().put("id", name()));

        assertThat(first.statusCode()).isEqualTo(201);
        assertThat(again.statusCode()).isEqualTo(201);
        assertThat(again.body()).isEqualTo(first.body());
        assertThat(other).isEqualTo(422);
        assertThat(owner.get("/audit?target=tenant/" + wanted.getString("id")).getJsonArray("items"))
                .hasSize(1);
    }

    @Test
    void namesOfModelsAreAddedAndRemoved() throws Exception {
        JsonObject wanted = new JsonObject().put("alias", "our-voice").put("model", "gpt-realtime");
        owner.post("/model-aliases", wanted);

        assertThat(owner.get("/model-aliases").getJsonArray("items")).contains(wanted);
        assertThat(owner.status("POST", "/model-aliases", wanted.copy().put("model", "gpt-realtime-2.1")))
                .as("nobody's is overwritten")
                .isEqualTo(409);
        assertThat(owner.status(
                        "POST",
                        "/model-aliases",
                        new JsonObject().put("alias", "x").put("model", "our-voice")))
                .as("a name of a name")
                .isEqualTo(422);
        assertThat(owner.status("DELETE", "/model-aliases?alias=our-voice", null))
                .isEqualTo(204);
        assertThat(owner.status("DELETE", "/model-aliases?alias=our-voice", null))
                .isEqualTo(404);
        assertThat(owner.get("/audit?target=model/gpt-realtime").getJsonArray("items").stream()
                        .map(entry -> ((JsonObject) entry).getString("action")))
                .startsWith("model.unalias", "model.alias");
    }

    @Test
    void pagesOfBrowsersAreListedForATenant() throws Exception {
        String path = "/tenants/" + tenant(new JsonObject()) + "/origins";
        JsonObject page = new JsonObject().put("origin", "https://app.example");
        owner.post(path, page);

        assertThat(owner.get(path).getJsonArray("items")).containsExactly(page);
        assertThat(owner.status("POST", path, page)).isEqualTo(409);
        assertThat(owner.status("POST", path, new JsonObject().put("origin", "app.example/index.html")))
                .isEqualTo(422);
        assertThat(owner.status("POST", "/tenants/nobody/origins", page)).isEqualTo(404);
        assertThat(owner.status("DELETE", path + "?origin=https://app.example", null))
                .isEqualTo(204);
        assertThat(owner.get(path).getJsonArray("items")).isEmpty();
    }

    @Test
    void pagesThroughTenants() throws Exception {
        List<String> made = List.of(tenant(new JsonObject()), tenant(new JsonObject()), tenant(new JsonObject()));
        List<String> seen = new java.util.ArrayList<>();
        String cursor = "";
        do {
            JsonObject page = owner.get("/tenants?limit=2" + (cursor.isEmpty() ? "" : "&cursor=" + cursor));
            page.getJsonArray("items").forEach(item -> seen.add(((JsonObject) item).getString("id")));
            cursor = page.getString("next_cursor") == null ? "" : page.getString("next_cursor");
        } while (!cursor.isEmpty());

        assertThat(seen).containsAll(made).doesNotHaveDuplicates().isSorted();
    }

    @Test
    void aTokenCanDoWhatItWasMadeForAndIsShownOnce() throws Exception {
        JsonObject made = owner.post(
                "/api-tokens",
                new JsonObject().put("name", "billing").put("permissions", new JsonArray().add("usage:read")));
        Operator robot = Operator.withToken(tester.adminUrl(), made.getString("token"));

        assertThat(robot.status("GET", "/usage", null)).isEqualTo(200);
        assertThat(robot.status("GET", "/tenants", null)).isEqualTo(403);
        assertThat(robot.status("POST", "/tenants", new JsonObject().put("id", name())))
                .isEqualTo(403);
        assertThat(owner.get("/api-tokens").encode()).doesNotContain(made.getString("token"));
        assertThat(owner.get("/audit").encode()).doesNotContain(made.getString("token"));
        assertThat(owner.status("DELETE", "/api-tokens/" + made.getString("id"), null))
                .isEqualTo(204);
        assertThat(robot.status("GET", "/usage", null)).isEqualTo(401);
    }

    @Test
    void everyAnswerIsAsDescribed() throws Exception {
        Schemas schemas = new Schemas(owner.send("GET", "/openapi.json", null).body());
        owner.post(
                "/webhooks",
                new JsonObject().put("url", "https://hooks.example/x").put("tenant", "demo"));
        for (String path : List.of(
                "/overview",
                "/usage?bucket=day&by=tenant,model",
                "/usage?bucket=day&by=model&from=2026-11-01T00:00:00Z",
                "/usage?bucket=none",
                "/billing",
                "/errors",
                "/errors/groups",
                "/nodes",
                "/models",
                "/model-aliases",
                "/tenants/demo/origins",
                "/audit/verification",
                "/sessions",
                "/tenants/demo/budgets",
                "/tenants/demo/issuers",
                "/console-sessions",
                "/administrators",
                "/api-tokens",
                "/session",
                "/session/browsers",
                "/tenants",
                "/tenants/demo",
                "/plans",
                "/sign-in-ways",
                "/webhooks",
                "/webhook-deliveries",
                "/pools",
                "/accounts",
                "/audit")) {
            HttpResponse<String> answer = owner.send("GET", path, null);
            assertThat(answer.statusCode()).as(path + answer.body()).isEqualTo(200);
            String described = path.replaceAll("\\?.*", "").replace("/demo", "/{tenant}");
            assertThat(schemas.problems(described, "get", 200, answer.body())).isEmpty();
        }
        assertThat(owner.get("/audit/verification").getJsonArray("problems")).isEmpty();
    }

    @Test
    void theAuditLogIsTakenAlong() throws Exception {
        String first = tenant(new JsonObject().put("name", "=HYPERLINK(1)"));
        String second = tenant(new JsonObject());

        HttpResponse<String> csv = owner.send("GET", "/audit/export?target=tenant/" + first, null);
        HttpResponse<String> json = owner.send("GET", "/audit/export?format=json", null);

        assertThat(csv.headers().firstValue("content-disposition")).hasValue("attachment; filename=\"audit.csv\"");
        assertThat(csv.body().lines()).hasSize(2);
        assertThat(csv.body())
                .startsWith("no,at,actor,address,action,target,before,after,hash")
                .contains(first);
        List<JsonObject> entries = json.body().lines().map(JsonObject::new).toList();
        assertThat(entries).hasSizeGreaterThan(2);
        assertThat(entries.getFirst().getString("target")).isEqualTo("tenant/" + second);
        assertThat(entries.getFirst().getLong("no")).isEqualTo(entries.size());
        assertThat(entries.getLast().getLong("no")).isEqualTo(1);
        assertThat(owner.status("GET", "/audit/export?format=xml", null)).isEqualTo(400);
    }

    @Test
    void aModelIsAddedAndPricedFromATimeOn() throws Exception {
        JsonObject wanted = new JsonObject()
                .put("name", "gpt-realtime-3")
                .put("context_tokens_max", 65_536)
                .put("output_tokens_max", 8_192);
        JsonObject rates = new JsonObject().put("text_in_nano", 4_000).put("text_out_nano", 16_000);

        assertThat(owner.status("POST", "/models", new JsonObject().put("name", "x")))
                .isEqualTo(422);
        owner.post("/models", wanted);
        assertThat(owner.status("POST", "/models", wanted)).isEqualTo(409);
        assertThat(owner.post("/models/gpt-realtime-3/prices", rates).getInteger("version"))
                .isEqualTo(1);
        owner.post(
                "/models/gpt-realtime-3/prices",
                rates.copy().put("text_in_nano", 5_000).put("valid_from", "2099-01-01T00:00:00Z"));
        assertThat(owner.status(
                        "POST",
                        "/models/gpt-realtime-3/prices",
                        rates.copy().put("valid_from", "2020-01-01T00:00:00Z")))
                .as("what was priced stays as it is")
                .isEqualTo(422);

        JsonObject listed = owner.get("/models").getJsonArray("items").stream()
                .map(JsonObject.class::cast)
                .filter(model -> model.getString("name").equals("gpt-realtime-3"))
                .findFirst()
                .orElseThrow();
        assertThat(listed.getString("kind")).isEqualTo("conversation");
        assertThat(listed.getJsonArray("prices").stream().map(price -> ((JsonObject) price).getBoolean("in_force")))
                .containsExactly(true, false);
        assertThat(owner.get("/audit?target=model/gpt-realtime-3").getJsonArray("items").stream()
                        .map(entry -> ((JsonObject) entry).getString("action")))
                .containsExactly("price.add", "price.add", "model.add");
    }

    @Test
    void theDayOfAModelsEndIsSetAndTakenBack() throws Exception {
        JsonObject ends = new JsonObject().put("shutdown_at", "2099-01-20T00:00:00Z");
        String path = "/models/whisper-1";
        Operator current = owner.copy().header("If-Match", "\"1\"");

        assertThat(owner.status("PATCH", path, ends)).isEqualTo(428);
        assertThat(current.status("PATCH", path, new JsonObject())).isEqualTo(422);
        assertThat(current.status("PATCH", "/models/nobody-knows", ends)).isEqualTo(404);
        HttpResponse<String> set = current.send("PATCH", path, ends);
        assertThat(current.status("PATCH", path, ends)).isEqualTo(412);
        HttpResponse<String> takenBack =
                owner.copy().header("If-Match", tag(set)).send("PATCH", path, new JsonObject().putNull("shutdown_at"));

        assertThat(new JsonObject(set.body()).getInstant("shutdown_at"))
                .isEqualTo(Instant.parse("2099-01-20T00:00:00Z"));
        assertThat(new JsonObject(takenBack.body()).getValue("shutdown_at")).isNull();
        JsonObject entry =
                owner.get("/audit?target=model/whisper-1").getJsonArray("items").getJsonObject(0);
        assertThat(entry.getString("action")).isEqualTo("model.change");
        assertThat(entry.getJsonObject("before").fieldNames()).containsExactlyInAnyOrder("shutdown_at", "generation");
    }

    @Test
    void everybodySeesAndEndsTheirOwnBrowsersOnly() throws Exception {
        JsonObject made = owner.post(
                "/administrators", new JsonObject().put("name", "looker").put("role", "viewer"));
        Operator viewer = Operator.withLink(tester.adminUrl(), made.getString("link_secret"));
        Operator elsewhere = Operator.stranger(tester.adminUrl()).signIn("looker");
        String owners = owner.get("/session").getString("id");
        String others = elsewhere.get("/session").getString("id");

        assertThat(viewer.get("/session/browsers").getJsonArray("items").stream()
                        .map(one -> ((JsonObject) one).getString("id")))
                .containsExactlyInAnyOrder(viewer.get("/session").getString("id"), others);
        assertThat(viewer.status("DELETE", "/session/browsers/" + owners, null)).isEqualTo(404);
        assertThat(viewer.status("DELETE", "/session/browsers/" + others, null)).isEqualTo(204);
        assertThat(elsewhere.status("GET", "/session", null)).isEqualTo(401);
        assertThat(owner.status("GET", "/session", null)).isEqualTo(200);
        assertThat(owner.get("/audit?target=console_session/" + others)
                        .getJsonArray("items")
                        .getJsonObject(0)
                        .getString("actor"))
                .isEqualTo("administrator:looker");
    }

    @Test
    void aPlanIsSharedAndCannotBeDeletedFromUnderItsTenants() throws Exception {
        JsonObject plan = owner.post(
                "/plans",
                new JsonObject()
                        .put("id", "gold")
                        .put("settings", sessionsMax(77).getJsonObject("own")));
        String id = tenant(new JsonObject().put("plan", "gold"));
        Operator holder = owner.copy().header("If-Match", "\"" + plan.getLong("generation") + "\"");

        assertThat(limit(id, "sessions_max")).isEqualTo(77);
        assertThat(holder.status("DELETE", "/plans/gold", null)).isEqualTo(409);
        JsonObject wanted = new JsonObject().put("settings", sessionsMax(78).getJsonObject("own"));
        assertThat(holder.status("PUT", "/plans/gold", wanted)).isEqualTo(200);
        assertThat(limit(id, "sessions_max")).isEqualTo(78);
        assertThat(holder.status("PUT", "/plans/gold", wanted)).isEqualTo(412);

        owner.post("/plans", new JsonObject().put("id", "silver"));
        Operator first = owner.copy().header("If-Match", "\"1\"");
        assertThat(owner.status("DELETE", "/plans/silver", null)).isEqualTo(428);
        assertThat(first.status("PUT", "/plans/silver", wanted)).isEqualTo(200);
        assertThat(first.status("DELETE", "/plans/silver", null)).isEqualTo(412);
        assertThat(owner.copy().header("If-Match", "\"2\"").status("DELETE", "/plans/silver", null))
                .isEqualTo(204);
    }

    @Test
    void anAccountIsAddedChangedDrainedAndRemovedAndItsKeyNeverShown() throws Exception {
        JsonObject wanted = new JsonObject()
                .put("name", "eu")
                .put("profile", "azure")
                .put("url", "wss://eu.example/openai/v1")
                .put("key", "the-key-of-eu")
                .put("models", "gpt-realtime=my-deployment");
        HttpResponse<String> added = owner.send("POST", "/accounts", wanted);
        assertThat(added.statusCode()).as(added.body()).isEqualTo(201);
        assertThat(added.body()).doesNotContain("the-key-of-eu").contains("\"has_key\":true");

        HttpResponse<String> drained = owner.copy()
                .header("If-Match", tag(added))
                .send(
                        "PATCH",
                        "/accounts/eu",
                        new JsonObject().put("drained", true).put("weight", 3));
        assertThat(drained.statusCode()).as(drained.body()).isEqualTo(200);
        assertThat(new JsonObject(drained.body()).getInteger("weight")).isEqualTo(3);

        JsonObject key = new JsonObject().put("key", "another-key");
        Operator late = owner.copy().header("If-Match", tag(added));
        assertThat(owner.status("PUT", "/accounts/eu/key", key)).isEqualTo(428);
        assertThat(late.status("PUT", "/accounts/eu/key", key)).isEqualTo(412);
        Operator informed = owner.copy().header("If-Match", tag(drained));
        List<HttpResponse<String>> keyed = atOnce(4, () -> informed.send("PUT", "/accounts/eu/key", key));
        assertThat(keyed).extracting(HttpResponse::statusCode).containsExactlyInAnyOrder(204, 412, 412, 412);
        assertThat(owner.status("POST", "/accounts/default/reopen", new JsonObject()))
                .isEqualTo(204);
        assertThat(owner.status("POST", "/accounts/unheard-of/reopen", new JsonObject()))
                .isEqualTo(404);
        assertThat(late.status("PATCH", "/accounts/eu", new JsonObject().put("weight", 4)))
                .isEqualTo(412);
        assertThat(owner.status("DELETE", "/accounts/eu", null)).isEqualTo(428);
        assertThat(late.status("DELETE", "/accounts/eu", null)).isEqualTo(412);
        String last = keyed.stream()
                .filter(one -> one.statusCode() == 204)
                .map(AdminApiIT::tag)
                .findFirst()
                .orElseThrow();
        assertThat(owner.copy().header("If-Match", last).status("DELETE", "/accounts/eu", null))
                .isEqualTo(204);
        assertThat(owner.get("/accounts").getJsonArray("items")).isEmpty();
        assertThat(owner.get("/audit?target=account/eu").getJsonArray("items").stream()
                        .map(entry -> ((JsonObject) entry).getString("action")))
                .containsExactly("account.remove", "account.key", "account.change", "account.add");
        assertThat(tester.database().query("select count(*) from audit_entry where after like '%-key%'"))
                .isEqualTo("0");
    }

    @Test
    void aWebhookIsMadeTriedAndRemovedAndItsSecretShownOnce() throws Exception {
        JsonObject made = owner.post("/webhooks", new JsonObject().put("url", "https://127.0.0.1:1/hook?key=hidden"));
        String path = "/webhooks/" + made.getString("id");

        assertThat(made.getString("secret")).startsWith("whsec_");
        JsonObject read = owner.get(path);
        assertThat(read.containsKey("secret")).isFalse();
        assertThat(read.getString("url")).isEqualTo("https://127.0.0.1:1/hook?…");
        JsonObject tried = owner.post(path + "/test", new JsonObject());
        assertThat(tried.getString("error")).isEqualTo("the host is not at a public address");
        owner.post(path + "/disable", new JsonObject());
        assertThat(owner.get(path).getBoolean("enabled")).isFalse();
        assertThat(owner.status("DELETE", path, null)).isEqualTo(204);
        assertThat(owner.status("GET", path, null)).isEqualTo(404);
        assertThat(owner.status("POST", "/webhooks", new JsonObject().put("url", "http://hooks.example/x")))
                .isEqualTo(422);
        assertThat(owner.get("/audit?target=webhook/" + made.getString("id")).getJsonArray("items").stream()
                        .map(entry -> ((JsonObject) entry).getString("action")))
                .containsExactly("webhook.remove", "webhook.disable", "webhook.test", "webhook.add");
        assertThat(tester.database().query("select count(*) from audit_entry where after like '%hidden%'"))
                .isEqualTo("0");
    }

    /** The answers to the same request, sent many times at the same time. */
    private static List<HttpResponse<String>> atOnce(int times, Callable<HttpResponse<String>> request)
            throws Exception {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<HttpResponse<String>> answers = new ArrayList<>();
            for (var answer : threads.invokeAll(Collections.nCopies(times, request))) {
                answers.add(answer.get());
            }
            return answers;
        }
    }

    private static int limit(String tenant, String name) throws Exception {
        return owner.get("/tenants/" + tenant)
                .getJsonObject("settings")
                .getJsonObject("limits")
                .getInteger(name);
    }

    private static JsonObject sessionsMax(int sessions) {
        return new JsonObject()
                .put("own", new JsonObject().put("limits", new JsonObject().put("sessions_max", sessions)));
    }

    private static JsonObject budget(String name, String amount) {
        return new JsonObject().put("name", name).put("period", "day").put("amount", amount);
    }

    private static String tenant(JsonObject settings) throws Exception {
        String id = name();
        owner.post("/tenants", settings.copy().put("id", id));
        return id;
    }

    private static synchronized String name() {
        return "tenant-" + ++tenants;
    }

    private static String tag(HttpResponse<String> response) {
        return response.headers().firstValue("etag").orElseThrow();
    }
}
