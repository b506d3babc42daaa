package dev.parley.sideband;

import static dev.parley.gateway.BrokerRig.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.call.CallAddress;
import dev.parley.chaos.BrokerProcess;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.domain.TenantId;
import dev.parley.gateway.BrokerRig;
import dev.parley.gateway.WireClient;
import dev.parley.simulator.Booking;
import dev.parley.simulator.SimulatedCalls;
import dev.parley.simulator.Usage;
import dev.parley.store.JdbcIncomingCalls;
import dev.parley.store.JdbcWebhooks;
import dev.parley.tenancy.Budget;
import dev.parley.tenancy.BudgetPeriod;
import dev.parley.tenancy.LimitName;
import dev.parley.webhook.SigningSecret;
import dev.parley.webhook.WebhookSignature;
import dev.parley.webhook.WebhookUrl;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.UpgradeRejectedException;
import io.vertx.core.json.JsonObject;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Calls from the offer to the hang-up, over real sockets, with the simulator's callers. */
class CallsIT {
    private static final String OFFER =
            "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n";
    private static final String SESSION =
            "{\"type\":\"realtime\",\"model\":\"gpt-realtime\",\"instructions\":\"Be brief.\"}";

    private static final NanoUsd BUDGET = NanoUsd.ofUsd("0.20");
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private static BrokerRig rig;
    private static HttpClient http;

    @BeforeAll
    static void start() throws Exception {
        rig = new BrokerRig()
                .tenant("acme")
                .tenant("other")
                .tenant(
                        "poor",
                        tenant -> tenant.withOwn(tenant.own()
                                .with(LimitName.OUTPUT_TOKENS_MAX, 600)
                                .with(Budget.ofMoney(Budget.MAIN, BUDGET, BudgetPeriod.DAY))));
        http = HttpClient.newHttpClient();
    }

    @AfterAll
    static void stop() {
        http.close();
        rig.close();
    }

    @Test
    void answersTheOfferAndMetersWhatNobodyAskedForUntilTheCallerHangsUp() throws Exception {
        HttpResponse<String> answer = form(rig.port(), rig.token("acme"), OFFER, SESSION);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
        assertThat(answer.body()).startsWith("v=0").contains("m=audio");
        assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/sdp");
        String call = id(answer);
        assertThat(rig.registry().find(call)).isPresent();

        speak(call, 3);

        assertThat(rig.database()
                        .query("select count(*) from usage_entry where upstream_session = '" + call
                                + "' and kind = 'usage' and status = 'completed'"))
                .isEqualTo("3");
        assertThat(new NanoUsd(Long.parseLong(rig.database()
                        .query("select sum(cost_nano) from usage_entry where upstream_session = '" + call + "'"))))
                .isEqualTo(booked(call));
        calls().hangUp(call);
        eventually("the row is gone", () -> rows(call) == 0);
        rig.assertQuiet("acme");
    }

    @Test
    void takesTheOldFormsTooAndTheSettingsOfAClientSecret() throws Exception {
        String secret = MAPPER.readTree(post(
                                rig.port(),
                                "/realtime/client_secrets",
                                rig.token("acme"),
                                "application/json",
                                "{\"session\":" + SESSION
                                        + ",\"parley\":{\"fixed\":[\"instructions\"],\"single_use\":true}}")
                        .body())
                .path("value")
                .asText();
        List<HttpResponse<String>> answers = List.of(
                post(rig.port(), "/realtime/calls?model=gpt-realtime", rig.token("acme"), "application/sdp", OFFER),
                post(rig.port(), "/realtime?model=gpt-realtime", rig.token("acme"), "application/sdp", OFFER),
                post(rig.port(), "/realtime/calls", secret, "application/sdp", OFFER));
        for (HttpResponse<String> answer : answers) {
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
            calls().hangUp(id(answer));
        }
        assertThat(code(401, post(rig.port(), "/realtime/calls", secret, "application/sdp", OFFER)))
                .isEqualTo("client_secret_used");
        rig.assertQuiet("acme");
    }

    @Test
    void refusesWhatASessionMayNotAndWhatNobodyCanRead() throws Exception {
        String token = rig.token("acme");
        assertThat(code(400, form(rig.port(), token, "no sdp", SESSION))).isEqualTo("invalid_sdp");
        assertThat(code(400, form(rig.port(), token, OFFER, "{"))).isEqualTo("invalid_json");
        assertThat(code(404, form(rig.port(), token, OFFER, SESSION.replace("gpt-realtime", "gpt-none"))))
                .isEqualTo("model_not_found");
        assertThat(code(
                        403,
                        form(
                                rig.port(),
                                token,
                                OFFER,
                                SESSION.replace(
                                        "\"instructions\":", "\"tools\":[{\"type\":\"mcp\"}],\"instructions\":"))))
                .isEqualTo("mcp_not_allowed");
        assertThat(code(401, form(rig.port(), "nobody", OFFER, SESSION))).isNotEmpty();
        rig.scriptNext("{\"callRefused\":{\"status\":500}}");
        assertThat(code(503, form(rig.port(), token, OFFER, SESSION))).isEqualTo("upstream_unavailable");
        rig.assertQuiet("acme");
    }

    @Test
    void endsTheCallWhenTheBudgetIsSpent() throws Exception {
        rig.scriptNext("{\"outputTokens\":100}");
        String call = id(form(rig.port(), rig.token("poor"), OFFER, SESSION));

        for (int turn = 0; turn < 20 && calls().endedBy(call) == null; turn++) {
            long before = entries(call);
            calls().speak(call);
            eventually("an answer, or the end", () -> entries(call) > before || calls().endedBy(call) != null);
        }

        assertThat(calls().endedBy(call)).isEqualTo("hangup");
        assertThat(entries(call))
                .as(
                        rig.database()
                                .query(
                                        "select string_agg(status || ' ' || text_in || ' ' || audio_in || ' ' || text_out"
                                                + " || ' ' || audio_out || ' ' || cost_nano, ', ') from usage_entry where tenant_id = 'poor'"))
                .isGreaterThanOrEqualTo(3);
        rig.assertQuiet("poor");
        NanoUsd spent = new NanoUsd(Long.parseLong(rig.database()
                .query("select sum(cost_nano) from usage_entry where upstream_session = '" + call + "'")));
        System.out.println(entries(call) + " answers for " + spent + " of " + BUDGET);
        assertThat(spent).isLessThanOrEqualTo(BUDGET);
        assertThat(spent).isEqualTo(booked(call));
        eventually(
                "why it ended is told",
                () -> rig.database()
                        .query(
                                "select count(*) from session_error where tenant_id = 'poor' and code = 'budget_exhausted'")
                        .equals("1"));
    }

    @Test
    void aSidebandOfTheTenantsOwnHearsTheCallAndSpeaksToIt() throws Exception {
        String call = id(form(rig.port(), rig.token("acme"), OFFER, SESSION));
        try (WireClient sideband = rig.connect("acme", "?call_id=" + call)) {
            assertThat(sideband.await("session.created")
                            .at("/session/instructions")
                            .asText())
                    .isEqualTo("Be brief.");
            sideband.send(
                    "{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"instructions\":\"Sing.\"}}");
            sideband.await("session.updated");
            calls().speak(call);
            sideband.await("response.done");
            sideband.say("And you?").send("{\"type\":\"response.create\"}");
            sideband.await("response.done");
            assertThat(entries(call)).isEqualTo(2);

            try (WireClient next = WireClient.connect(
                    rig.vertx(),
                    rig.upgrade("?call_id=" + call).addHeader("Authorization", "Bearer " + rig.tenantToken("acme")))) {
                assertThat(next.await("session.created")
                                .at("/session/instructions")
                                .asText())
                        .isEqualTo("Sing.");
                assertThat(sideband.closeCode()).isEqualTo(4409);
            }
        }
        speak(call, 1);
        assertThat(calls().endedBy(call))
                .as("the call goes on without a sideband")
                .isNull();
        calls().hangUp(call);
        rig.assertQuiet("acme");
    }

    @Test
    void aCallIsThereForItsOwnTenantOnly() throws Exception {
        String call = id(form(rig.port(), rig.token("acme"), OFFER, SESSION));
        String other = rig.token("other");

        assertThatThrownBy(() -> rig.connect("other", "?call_id=" + call))
                .hasRootCauseInstanceOf(UpgradeRejectedException.class);
        for (String action : List.of("accept", "reject", "refer", "hangup")) {
            String path = "/realtime/calls/" + call + '/' + action;
            assertThat(code(404, post(rig.port(), path, other, "application/json", "{\"type\":\"realtime\"}")))
                    .isEqualTo("call_not_found");
        }
        assertThat(calls().endedBy(call)).isNull();

        HttpResponse<String> end =
                post(rig.port(), "/realtime/calls/" + call + "/hangup", rig.token("acme"), "application/json", "");
        assertThat(end.statusCode()).isEqualTo(200);
        assertThat(calls().endedBy(call)).isEqualTo("hangup");
        eventually("the row is gone", () -> rows(call) == 0);
        rig.assertQuiet("acme");
    }

    @Test
    void aCallIsEndedWhoseCallerHasLeftBeforeItWasAnswered() throws Exception {
        Set<String> before = calls().ended();
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), rig.port())) {
            String head = "POST /v1/realtime/calls?model=gpt-realtime HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                    + rig.token("acme") + "\r\nContent-Type: application/sdp\r\nContent-Length: " + OFFER.length()
                    + "\r\n\r\n";
            socket.getOutputStream().write((head + OFFER).getBytes(StandardCharsets.US_ASCII));
        }
        eventually(
                "the call that was begun is hung up",
                () -> calls().ended().stream()
                        .anyMatch(call -> !before.contains(call) && "hangup".equals(calls().endedBy(call))));
        rig.assertQuiet("acme");
    }

    @Test
    void aLostSidebandIsConnectedAgain() throws Exception {
        String call = id(form(rig.port(), rig.token("acme"), OFFER, SESSION));
        long before = rig.callsTakenOver();
        speak(call, 1);

        calls().dropSidebands(call);

        eventually("it is back", () -> rig.callsTakenOver() > before);
        speak(call, 1);
        rig.registry().find(call).orElseThrow().end(Refusal.of(Kind.FORBIDDEN, "session_ended", "By an operator."));
        eventually("the provider is asked to end it", () -> "hangup".equals(calls().endedBy(call)));
        rig.assertQuiet("acme");
    }

    @Test
    void anotherNodeGoesOnWithTheCallOfOneThatWasKilled(@TempDir Path folder) throws Exception {
        rig.scriptNext("{\"generationDelayMillis\":2000}");
        String call;
        try (BrokerProcess doomed = new BrokerProcess(folder, rig.settings("doomed"))) {
            call = id(form(doomed.tenantPort(), rig.token("acme"), OFFER, SESSION));
            speak(call, 1);
            calls().speak(call);
            eventually(
                    "the second answer has begun",
                    () -> rig.simulator().books().responses().stream()
                            .anyMatch(booking -> booking.status().equals("in_progress")));
            doomed.kill();
        }
        rig.database().execute("select end_node(epoch, 'late') from node where name = 'doomed'"); // as the reaper does

        eventually("the second answer is in the ledger", () -> entries(call) == 2);
        assertThat(rig.database()
                        .query("select string_agg(node || ' ' || kind || ' ' || status, ', ' order by event_time) from"
                                + " usage_entry where upstream_session = '" + call + "'"))
                .isEqualTo("doomed usage completed, node-test usage completed");
        assertThat(new NanoUsd(Long.parseLong(rig.database()
                        .query("select sum(cost_nano) from usage_entry where upstream_session = '" + call + "'"))))
                .isEqualTo(booked(call));
        calls().hangUp(call);
        rig.assertQuiet("acme");
    }

    @Test
    void aCallThatRingsIsItsTenantsToAcceptOrReject() throws Exception {
        SigningSecret secret = SigningSecret.random();
        JdbcIncomingCalls incoming = new JdbcIncomingCalls(rig.database().database(), rig.box());
        incoming.setSecret("default", secret);
        assertThat(incoming.addAddress(new TenantId("acme"), CallAddress.of("+4930123")))
                .isTrue();
        assertThat(incoming.addAddress(new TenantId("other"), CallAddress.of("+4930123")))
                .isFalse();
        List<JsonObject> told = new CopyOnWriteArrayList<>();
        HttpServer receiver = BrokerRig.get(rig.vertx()
                .createHttpServer()
                .requestHandler(request -> request.body().onSuccess(body -> {
                    told.add(body.toJsonObject());
                    request.response().end();
                }))
                .listen(0, "127.0.0.1"));
        new JdbcWebhooks(rig.database().database(), rig.box())
                .add(
                        new TenantId("acme"),
                        WebhookUrl.of("http://127.0.0.1:" + receiver.actualPort() + "/hook"),
                        SigningSecret.random());

        String call = ring(secret, "<sip:+4930123@sip.example;user=phone>");
        assertThat(told).singleElement().satisfies(message -> {
            assertThat(message.getString("type")).isEqualTo("realtime.call.incoming");
            assertThat(message.getJsonObject("data").getString("call_id")).isEqualTo(call);
        });
        String path = "/realtime/calls/" + call + "/accept";
        assertThat(code(404, post(rig.port(), path, rig.token("other"), "application/json", SESSION)))
                .isEqualTo("call_not_found");
        HttpResponse<String> accepted = post(rig.port(), path, rig.token("acme"), "application/json", SESSION);
        assertThat(accepted.statusCode()).as(accepted.body()).isEqualTo(200);
        speak(call, 1);
        calls().hangUp(call);

        String second = ring(secret, "sip:+4930123@sip.example");
        HttpResponse<String> rejected =
                post(rig.port(), "/realtime/calls/" + second + "/reject", rig.token("acme"), "application/json", "{}");
        assertThat(rejected.statusCode()).isEqualTo(200);
        assertThat(calls().endedBy(second)).isEqualTo("reject");
        assertThatThrownBy(() -> ring(secret, "sip:nobody@sip.example")).hasMessageContaining("404");
        assertThatThrownBy(() -> ring(SigningSecret.random(), "sip:+4930123@sip.example"))
                .hasMessageContaining("401");
        assertOnlyOnceAndFresh(secret);
        rig.assertQuiet("acme");
        receiver.close();
    }

    private static String ring(SigningSecret secret, String to) throws Exception {
        return BrokerRig.get(rig.simulator()
                .ring(
                        URI.create("http://127.0.0.1:" + rig.port() + "/v1/provider_webhooks/default"),
                        secret.reveal(),
                        to));
    }

    private static void assertOnlyOnceAndFresh(SigningSecret secret) throws Exception {
        String body = "{\"type\":\"realtime.call.incoming\",\"data\":{\"call_id\":\"rtc_again\",\"sip_headers\":["
                + "{\"name\":\"To\",\"value\":\"sip:+4930123@sip.example\"}]}}";
        Instant now = Instant.now();
        assertThat(deliver(secret, "evt_1", now, body).statusCode()).isEqualTo(200);
        assertThat(code(400, deliver(secret, "evt_1", now, body))).isEqualTo("webhook_replayed");
        assertThat(code(401, deliver(secret, "evt_2", now.minusSeconds(360), body)))
                .isEqualTo("webhook_too_old");
    }

    private static HttpResponse<String> deliver(SigningSecret secret, String id, Instant at, String body)
            throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + rig.port() + "/v1/provider_webhooks/default"))
                .POST(BodyPublishers.ofString(body));
        WebhookSignature.headers(secret, id, at, body).forEach(request::header);
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private static void speak(String call, int times) {
        for (int turn = 0; turn < times; turn++) {
            long before = entries(call);
            calls().speak(call);
            eventually("the answer is in the ledger", () -> entries(call) > before);
        }
    }

    /** What the provider's books say the call has cost. */
    private static NanoUsd booked(String call) {
        Map<String, Booking> books =
                rig.simulator().books().responses().stream().collect(Collectors.toMap(Booking::id, booking -> booking));
        String session = rig.database()
                .query("select string_agg(reference, ' ') from usage_entry where upstream_session = '" + call + "'");
        Set<String> sessions = Arrays.stream(session.split(" "))
                .map(reference -> books.get(reference).sessionId())
                .collect(Collectors.toSet());
        assertThat(sessions).as("the provider's session of the call").hasSize(1);
        return books.values().stream()
                .filter(booking -> sessions.contains(booking.sessionId()))
                .map(CallsIT::cost)
                .reduce(NanoUsd.ZERO, NanoUsd::plus);
    }

    /** At gpt-realtime's prices: text 4, 0.40, 16; audio 32, 0.40, 64. */
    private static NanoUsd cost(Booking booking) {
        Usage used = booking.usage();
        long textIn = (long) used.input().text() - used.cached().text();
        long audioIn = (long) used.input().audio() - used.cached().audio();
        return new NanoUsd(1_000
                        * (4L * textIn
                                + 32L * audioIn
                                + 16L * used.output().text()
                                + 64L * used.output().audio())
                + 400L * ((long) used.cached().text() + used.cached().audio()));
    }

    private static SimulatedCalls calls() {
        return rig.simulator().calls();
    }

    private static long entries(String call) {
        return Long.parseLong(
                rig.database().query("select count(*) from usage_entry where upstream_session = '" + call + "'"));
    }

    private static long rows(String call) {
        return Long.parseLong(rig.database().query("select count(*) from call where id = '" + call + "'"));
    }

    private static String id(HttpResponse<String> answer) {
        String location = answer.headers().firstValue("Location").orElseThrow();
        assertThat(location).matches("/v1/realtime/calls/rtc_\\w+");
        return location.substring(location.lastIndexOf('/') + 1);
    }

    private static String code(int status, HttpResponse<String> answer) throws Exception {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        return MAPPER.readTree(answer.body()).at("/error/code").asText();
    }

    private static HttpResponse<String> form(int port, String token, String sdp, String session) throws Exception {
        String body =
                "--b\r\nContent-Disposition: form-data; name=\"sdp\"\r\nContent-Type: application/sdp\r\n\r\n" + sdp
                        + "\r\n--b\r\nContent-Disposition: form-data; name=\"session\"\r\nContent-Type: application/json\r\n\r\n"
                        + session + "\r\n--b--\r\n";
        return post(port, "/realtime/calls", token, "multipart/form-data; boundary=b", body);
    }

    private static HttpResponse<String> post(int port, String path, String token, String type, String body)
            throws Exception {
        return http.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/v1" + path))
                        .header("Authorization", "Bearer " + token)
                        .header("Content-Type", type)
                        .POST(BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }
}
