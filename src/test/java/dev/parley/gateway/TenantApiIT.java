package dev.parley.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.domain.ModelName;
import dev.parley.domain.NanoUsd;
import dev.parley.protocol.Schemas;
import dev.parley.store.Rollups;
import dev.parley.store.Sealer;
import dev.parley.tenancy.Budget;
import dev.parley.tenancy.BudgetPeriod;
import dev.parley.tenancy.LimitName;
import java.math.BigDecimal;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Set;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What the tenant plane answers over plain HTTP, on a real socket. */
class TenantApiIT {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static BrokerRig rig;
    private static HttpClient http;

    @BeforeAll
    static void start() throws Exception {
        rig = new BrokerRig()
                .tenant("acme")
                .tenant("globex")
                .tenant(
                        "narrow",
                        tenant -> tenant.withOwn(tenant.own()
                                .withModels(Set.of(
                                        new ModelName("gpt-realtime"),
                                        new ModelName("gpt-4o-mini-realtime-preview"),
                                        new ModelName("whisper-1")))
                                .with(LimitName.OUTPUT_TOKENS_MAX, 100)
                                .with(Budget.ofMoney(Budget.MAIN, NanoUsd.ofUsd("2"), BudgetPeriod.MONTH))));
        http = HttpClient.newHttpClient();
    }

    @AfterAll
    static void stop() {
        http.close();
        rig.close();
    }

    @Test
    void listsTheModelsThatTheTenantMayUse() throws Exception {
        JsonNode list = json(get("/v1/models", rig.token("narrow")));

        assertThat(list.path("object").asText()).isEqualTo("list");
        assertThat(ids(list)).containsExactly("gpt-realtime", "gpt-realtime-2.1-mini", "whisper-1");
        JsonNode realtime = list.path("data").get(0);
        assertThat(realtime.path("kind").asText()).isEqualTo("conversation");
        assertThat(realtime.path("output_tokens_max").asInt()).isEqualTo(100);
        assertThat(realtime.path("context_tokens_max").asInt()).isEqualTo(32_768);
        assertThat(realtime.path("shutdown_date").asText()).isEqualTo("2027-01-20");
        assertThat(realtime.at("/prices/text/cached_input").decimalValue()).isEqualByComparingTo("0.4");
        assertThat(realtime.at("/prices/audio/output").decimalValue()).isEqualByComparingTo("64");
        assertThat(list.path("data").get(1).path("aliases").toString()).contains("gpt-4o-mini-realtime-preview");
        assertThat(list.path("data").get(1).path("shutdown_date").isNull()).isTrue();
        assertThat(list.path("data").get(2).at("/prices/per_minute").decimalValue())
                .isEqualByComparingTo("0.006");
    }

    @Test
    void tellsOneModelByItsNameOrAnAlias() throws Exception {
        String token = rig.token("narrow");

        assertThat(json(get("/v1/models/gpt-4o-mini-realtime-preview", token))
                        .path("id")
                        .asText())
                .isEqualTo("gpt-realtime-2.1-mini");
        assertThat(get("/v1/models/gpt-realtime-2.1", token).statusCode()).isEqualTo(404);
    }

    @Test
    void tellsWhatWasUsedAndWhatIsLeft() throws Exception {
        try (WireClient client = rig.text("narrow");
                Sealer _ = new Sealer(rig.database().database());
                Rollups _ = new Rollups(rig.database().database())) {
            client.say("Hello.").send("{\"type\":\"response.create\"}");
            String response = client.await("response.done").at("/response/id").asText();
            String cost = rig.entry("trim_scale(cost_nano / 1000000000.0)", response);
            BrokerRig.eventually(
                    "the hour is summed",
                    () -> rig.database()
                            .query("select count(*) from usage_rollup where tenant_id = 'narrow'")
                            .equals("1"));

            JsonNode usage = json(get("/v1/usage?period=hour", wholeTenant("narrow")));
            assertThat(usage.path("subject").isNull()).isTrue();
            JsonNode line = usage.path("data").get(0);
            assertThat(line.path("subject").asText()).isEqualTo("alice");
            assertThat(line.path("model").asText()).isEqualTo("gpt-realtime");
            assertThat(line.path("entries").asInt()).isEqualTo(1);
            assertThat(new BigDecimal(line.path("cost_usd").asText())).isEqualByComparingTo(cost);
            JsonNode budget = usage.path("limits").get(0);
            assertThat(budget.path("limit").asText()).isEqualTo("main");
            assertThat(budget.path("amount").asText()).isEqualTo("2.000000000");
            BrokerRig.eventually("the budget tells it", () -> left("narrow").equals(cost));
            JsonNode own = json(get("/v1/usage", rig.token("narrow")));
            assertThat(own.path("subject").asText()).isEqualTo("alice");
            assertThat(own.path("data")).hasSize(1);
            assertThat(own.path("limits")).as("the tenant's own affair").isEmpty();
        }
        assertThat(json(get("/v1/usage", wholeTenant("globex"))).path("data"))
                .as("another tenant sees nothing of it")
                .isEmpty();
        rig.assertQuiet("narrow");
    }

    @Test
    void asksForATokenFirst() throws Exception {
        for (String path : List.of("/v1/models", "/v1/models/x", "/v1/usage")) {
            assertThat(get(path, null).statusCode()).isEqualTo(401);
            HttpResponse<String> forged = get(path, "canary");
            assertThat(forged.statusCode()).isEqualTo(401);
            assertThat(forged.body()).contains("\"error\":{").doesNotContain("canary");
        }
        assertThat(http.send(
                                HttpRequest.newBuilder(URI.create(url("/v1/models")))
                                        .POST(HttpRequest.BodyPublishers.ofString("x".repeat(400_000)))
                                        .build(),
                                HttpResponse.BodyHandlers.ofString())
                        .statusCode())
                .isEqualTo(400);
    }

    @Test
    void everyAnswerIsAsDescribed() throws Exception {
        HttpResponse<String> document = get("/v1/openapi.json", null);
        assertThat(document.statusCode()).isEqualTo(200);
        Schemas schemas = new Schemas(document.body());

        for (String path : List.of("/v1/models", "/v1/usage", "/v1/usage?period=month&from=2026-01-01")) {
            HttpResponse<String> answer = get(path, wholeTenant("narrow"));
            assertThat(schemas.problems(path.split("\\?", 2)[0], "get", 200, answer.body()))
                    .isEmpty();
        }
        assertThat(schemas.problems(
                        "/v1/models/{model}",
                        "get",
                        404,
                        get("/v1/models/none", rig.token("narrow")).body()))
                .isEmpty();
        for (String path : List.of(
                "/v1/realtime/client_secrets", "/v1/realtime/sessions", "/v1/realtime/transcription_sessions")) {
            HttpResponse<String> made = post(path, "{}", rig.token("acme"));
            assertThat(schemas.problems(path, "post", made.statusCode(), made.body()))
                    .as(made.body())
                    .isEmpty();
        }
        HttpResponse<String> wrong = post("/v1/usage", "", rig.token("acme"));
        assertThat(wrong.statusCode()).isEqualTo(405);
        assertThat(wrong.headers().firstValue("Allow")).hasValue("GET");
    }

    private static HttpResponse<String> post(String path, String body, String token) throws Exception {
        return http.send(
                HttpRequest.newBuilder(URI.create(url(path)))
                        .header("Authorization", "Bearer " + token)
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private static String left(String tenant) {
        try {
            JsonNode budget =
                    json(get("/v1/usage", wholeTenant(tenant))).path("limits").get(0);
            return budget.path("amount")
                    .asText()
                    .transform(amount -> new BigDecimal(amount)
                            .subtract(new BigDecimal(budget.path("left").asText()))
                            .stripTrailingZeros()
                            .toPlainString());
        } catch (Exception failure) {
            throw new AssertionError(failure);
        }
    }

    private static String wholeTenant(String tenant) {
        return rig.tenantToken(tenant);
    }

    private static HttpResponse<String> get(String path, @Nullable String token) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url(path)));
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private static String url(String path) {
        return "http://127.0.0.1:" + rig.port() + path;
    }

    private static JsonNode json(HttpResponse<String> response) throws Exception {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return MAPPER.readTree(response.body());
    }

    private static List<String> ids(JsonNode list) {
        return StreamSupport.stream(list.path("data").spliterator(), false)
                .map(entry -> entry.path("id").asText())
                .toList();
    }
}
