package dev.parley.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.domain.ModelName;
import dev.parley.domain.NanoUsd;
import dev.parley.tenancy.Budget;
import dev.parley.tenancy.BudgetPeriod;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files on their way through a broker. */
class AudioTranscriptionsIT {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final String BOUNDARY = "----parley-test-7";
    private static final int BYTES_PER_SECOND = 48_000;

    private static BrokerRig rig;
    private static HttpClient http;
    private static int tenants;
    private String tenant = "";

    @BeforeAll
    static void start() throws Exception {
        rig = new BrokerRig();
        http = HttpClient.newHttpClient();
    }

    @AfterAll
    static void stop() {
        http.close();
        rig.close();
    }

    @BeforeEach
    void newTenant() {
        tenant = "files-" + ++tenants;
        rig.tenant(tenant);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void transcribesWhereverTheModelStandsInTheForm(boolean modelFirst) throws Exception {
        HttpResponse<String> answer = post(form(modelFirst, "gpt-4o-transcribe", Map.of(), wav(10)));

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        JsonNode told = MAPPER.readTree(answer.body());
        assertThat(told.path("text").asText()).startsWith("Hello there.");
        assertThat(told.at("/usage/input_token_details/audio_tokens").asInt()).isEqualTo(100);
        assertThat(row()).isEqualTo("usage completed gpt-4o-transcribe 100 0");
        rig.assertQuiet(tenant);
    }

    @Test
    void chargesByTheSecondWhereTheModelIsPricedSo() throws Exception {
        assertThat(post(form(true, "whisper-1", Map.of(), wav(30))).statusCode())
                .isEqualTo(200);

        assertThat(row()).isEqualTo("usage completed whisper-1 0 30000");
        assertThat(rig.database().query("select cost_nano from usage_entry where tenant_id = '" + tenant + "'"))
                .isEqualTo("3000000");
        rig.assertQuiet(tenant);
    }

    @ParameterizedTest
    @ValueSource(strings = {"text", "srt", "vtt"})
    void measuresTheFileWhenTheAnswerTellsNoUsage(String format) throws Exception {
        HttpResponse<String> answer = post(form(true, "whisper-1", Map.of("response_format", format), wav(30)));

        assertThat(answer.body()).contains("Hello there.");
        assertThat(answer.headers().firstValue("Content-Type").orElse("")).startsWith("text/plain");
        assertThat(row()).isEqualTo("estimated completed whisper-1 0 30001");
        rig.assertQuiet(tenant);
    }

    @Test
    void streamsAndHoldsTheEndUntilItIsWrittenDown() throws Exception {
        HttpResponse<String> answer = post(form(false, "gpt-4o-transcribe", Map.of("stream", "true"), wav(10)));

        assertThat(answer.headers().firstValue("Content-Type")).contains("text/event-stream");
        assertThat(answer.body()).contains("transcript.text.delta").contains("\"type\":\"transcript.text.done\"");
        assertThat(row()).isEqualTo("usage completed gpt-4o-transcribe 100 0");
        rig.assertQuiet(tenant);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void refusesAModelBeforeTheProviderDoesAnything(boolean modelFirst) throws Exception {
        int before = rig.simulator().books().transcriptions().size();
        for (Map.Entry<String, Integer> bad :
                Map.of("gpt-realtime", 400, "no-such-model", 404, "", 400).entrySet()) {
            HttpResponse<String> answer = post(form(modelFirst, bad.getKey(), Map.of(), wav(60)));
            assertThat(answer.statusCode()).as(bad.getKey()).isEqualTo(bad.getValue());
            assertThat(answer.body()).contains("\"error\":");
        }
        rig.assertQuiet(tenant);
        assertThat(rig.simulator().books().transcriptions()).hasSize(before);
        assertThat(rig.entries(tenant)).isZero();
    }

    @Test
    void refusesWhatItsBudgetCannotPay() throws Exception {
        String poor = tenant + "-poor";
        rig.tenant(
                poor,
                made -> made.withOwn(made.own()
                        .withModels(Set.of(new ModelName("whisper-1")))
                        .with(Budget.ofMoney(Budget.MAIN, NanoUsd.ofUsd("0.01"), BudgetPeriod.MONTH))));
        HttpResponse<String> dear = post(form(true, "whisper-1", Map.of(), wav(110)), rig.token(poor));
        assertThat(dear.statusCode()).isEqualTo(429);
        assertThat(dear.body()).contains("insufficient_quota");
        assertThat(post(form(true, "whisper-1", Map.of(), wav(60)), rig.token(poor))
                        .statusCode())
                .isEqualTo(200);
        rig.assertQuiet(poor);
    }

    @Test
    void refusesFormsThatAreNone() throws Exception {
        assertThat(post("no form".getBytes(StandardCharsets.UTF_8)).statusCode())
                .isEqualTo(400);
        byte[] whole = form(true, "whisper-1", Map.of(), wav(2));
        assertThat(post(Arrays.copyOf(whole, whole.length - 20)).statusCode()).isEqualTo(400);
        assertThat(post(form(true, "whisper-1", Map.of(), new byte[0])).statusCode())
                .isEqualTo(400);
        assertThat(post(form(true, "whisper-1", Map.of(), wav(2)), "forged").statusCode())
                .isEqualTo(401);
        rig.assertQuiet(tenant);
        assertThat(rig.entries(tenant)).isZero();
    }

    @Test
    void leavesNothingBehindWhenItsClientIsKilled() throws Exception {
        int before = rig.simulator().books().transcriptions().size();
        byte[] form = form(true, "whisper-1", Map.of(), wav(200));
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), rig.port())) {
            OutputStream out = socket.getOutputStream();
            out.write(head(form.length).getBytes(StandardCharsets.US_ASCII));
            out.write(form, 0, form.length / 2);
            out.flush();
            BrokerRig.eventually("it is paid for", () -> rig.reserved(tenant).value() > 0);
            socket.setSoLinger(true, 0);
        }
        rig.assertQuiet(tenant);
        assertThat(rig.entries(tenant)).isZero();
        assertThat(rig.simulator().books().transcriptions()).hasSize(before);
    }

    @Test
    void passesALargeFileThrough() throws Exception {
        HttpResponse<String> answer = post(form(false, "whisper-1", Map.of(), wav(540)));

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(row()).isEqualTo("usage completed whisper-1 0 540000");
        assertThat(post(form(true, "whisper-1", Map.of(), wav(600))).statusCode())
                .as("28.8 MB")
                .isEqualTo(400);
        rig.assertQuiet(tenant);
    }

    private String row() {
        return rig.database()
                .query("select concat_ws(' ', kind, status, model_resolved, audio_in, millis)"
                        + " from usage_entry where tenant_id = '" + tenant + "'");
    }

    private HttpResponse<String> post(byte[] form) throws Exception {
        return post(form, rig.token(tenant));
    }

    private static HttpResponse<String> post(byte[] form, String token) throws Exception {
        return http.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + rig.port() + "/v1/audio/transcriptions"))
                        .header("Authorization", "Bearer " + token)
                        .header("Content-Type", "multipart/form-data; boundary=" + BOUNDARY)
                        .POST(HttpRequest.BodyPublishers.ofByteArray(form))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private String head(int length) {
        return "POST /v1/audio/transcriptions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + rig.token(tenant)
                + "\r\nContent-Type: multipart/form-data; boundary=" + BOUNDARY + "\r\nContent-Length: " + length
                + "\r\n\r\n";
    }

    private static byte[] form(boolean modelFirst, String model, Map<String, String> others, byte[] file) {
        Map<String, String> fields = new LinkedHashMap<>(others);
        fields.put("model", model);
        ByteArrayOutputStream form = new ByteArrayOutputStream();
        if (modelFirst) {
            fields.forEach((name, value) -> field(form, name, value));
        }
        form.writeBytes(
                ("--" + BOUNDARY + "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"speech.wav\"\r\n"
                                + "Content-Type: audio/wav\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
        form.writeBytes(file);
        form.writeBytes("\r\n".getBytes(StandardCharsets.US_ASCII));
        if (!modelFirst) {
            fields.forEach((name, value) -> field(form, name, value));
        }
        form.writeBytes(("--" + BOUNDARY + "--\r\n").getBytes(StandardCharsets.US_ASCII));
        return form.toByteArray();
    }

    private static void field(ByteArrayOutputStream form, String name, String value) {
        form.writeBytes(
                ("--" + BOUNDARY + "\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
    }

    private static byte[] wav(int seconds) {
        int bytes = seconds * BYTES_PER_SECOND;
        ByteBuffer wav = ByteBuffer.allocate(44 + bytes).order(ByteOrder.LITTLE_ENDIAN);
        wav.put("RIFF".getBytes(StandardCharsets.US_ASCII)).putInt(36 + bytes);
        wav.put("WAVEfmt ".getBytes(StandardCharsets.US_ASCII)).putInt(16);
        wav.putShort((short) 1).putShort((short) 1).putInt(BYTES_PER_SECOND / 2).putInt(BYTES_PER_SECOND);
        wav.putShort((short) 2).putShort((short) 16).put("data".getBytes(StandardCharsets.US_ASCII));
        return wav.putInt(bytes).array();
    }
}
