package dev.parley.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.domain.ModelName;
import dev.parley.domain.TenantId;
import dev.parley.tenancy.LimitName;
import dev.parley.tenancy.Tenant;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The upgrade on the wire: what is answered, byte by byte where it matters. */
class HandshakeIT {
    private static BrokerRig rig;

    @BeforeAll
    static void start() throws Exception {
        rig = new BrokerRig()
                .tenant("acme")
                .tenant("one", tenant -> with(tenant, Set.of(), 1))
                .tenant("narrow", tenant -> with(tenant, Set.of(new ModelName("gpt-realtime-mini")), 5))
                .tenant("asleep");
        rig.tenants().suspend(new TenantId("asleep"));
    }

    @AfterAll
    static void stop() {
        rig.close();
    }

    @Test
    void selectsRealtimeOnlyWhenOffered() throws Exception {
        String token = rig.token("acme");
        String offered =
                upgrade("?model=gpt-realtime", "Sec-WebSocket-Protocol: realtime, openai-insecure-api-key." + token);
        assertThat(offered).startsWith("HTTP/1.1 101").containsIgnoringCase("sec-websocket-protocol: realtime\r\n");
        assertThat(offered).containsIgnoringCase("parley-session-id: psn_").doesNotContain(token);

        String plain = upgrade("?model=gpt-realtime", "Authorization: Bearer " + token);
        assertThat(plain).startsWith("HTTP/1.1 101").doesNotContainIgnoringCase("sec-websocket-protocol");
        assertThat(plain).doesNotContainIgnoringCase("sec-websocket-extensions");
    }

    @Test
    void declinesCompression() throws Exception {
        assertThat(upgrade(
                        "?model=gpt-realtime",
                        "Authorization: Bearer " + rig.token("acme"),
                        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"))
                .startsWith("HTTP/1.1 101")
                .doesNotContainIgnoringCase("sec-websocket-extensions");
    }

    @Test
    void refusesInOpenAisShape() throws Exception {
        String missing = upgrade("?model=gpt-realtime");
        assertThat(missing).startsWith("HTTP/1.1 401").containsIgnoringCase("www-authenticate: Bearer");
        assertThat(missing).contains("\"error\":{\"message\":", "\"code\":\"missing_credentials\"", "\"param\":null");

        String garbage = upgrade("?model=gpt-realtime", "Authorization: Bearer not-a-token");
        assertThat(garbage).startsWith("HTTP/1.1 401").doesNotContain("not-a-token");
        assertThat(authorized("asleep", "?model=gpt-realtime")).startsWith("HTTP/1.1 403");
        assertThat(authorized("acme", "?model=gpt-nonsense"))
                .startsWith("HTTP/1.1 404")
                .contains("\"code\":\"model_not_found\"", "gpt-realtime-mini", "\"param\":\"model\"");
        assertThat(authorized("acme", "?model=whisper-1"))
                .startsWith("HTTP/1.1 400")
                .contains("\"code\":\"invalid_model\"", "intent=transcription", "gpt-realtime-mini");
        assertThat(authorized("acme", "?intent=transcription&model=gpt-realtime"))
                .startsWith("HTTP/1.1 400")
                .contains("\"code\":\"invalid_model\"", "Valid models: gpt-4o-mini-transcribe");
        assertThat(authorized("acme", "?model=gpt-4o-realtime-preview-2024-10-01"))
                .as("an alias")
                .startsWith("HTTP/1.1 101");
        assertThat(authorized("narrow", "?model=gpt-realtime"))
                .startsWith("HTTP/1.1 403")
                .contains("\"code\":\"model_not_allowed\"", "Valid models: gpt-realtime-mini.");
        assertThat(authorized("acme", "?model=m&api-key=canary"))
                .startsWith("HTTP/1.1 400")
                .doesNotContain("canary");
    }

    @Test
    void refusesSecondSessionWhenLimitIsOne() throws Exception {
        try (WireClient client = rig.connect("one")) {
            client.await("session.created");
            assertThat(authorized("one", "?model=gpt-realtime"))
                    .startsWith("HTTP/1.1 429")
                    .containsIgnoringCase("retry-after: ")
                    .contains("\"code\":\"session_limit_reached\"");
        }
        rig.assertQuiet("one");
        try (WireClient client = rig.connect("one")) {
            client.await("session.created");
        }
    }

    @Test
    void servesNothingElse() throws Exception {
        assertThat(raw("GET /v1/live/sessions HTTP/1.1\r\nHost: x\r\n\r\n"))
                .startsWith("HTTP/1.1 404")
                .contains("live_api_not_served");
        assertThat(raw("GET /v1/realtime/nothing?model=x HTTP/1.1\r\nHost: x\r\n\r\n"))
                .startsWith("HTTP/1.1 404");
        assertThat(raw("POST /v1/realtime?model=x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"))
                .as("the older way to begin a call")
                .startsWith("HTTP/1.1 401");
        assertThat(raw("GET /v1/realtime?model=x HTTP/1.1\r\nHost: x\r\n\r\n"))
                .startsWith("HTTP/1.1 400")
                .contains("websocket_required");
    }

    @Test
    void boundsWhatItReadsBeforeAuthentication() throws Exception {
        assertThat(raw("GET /v1/realtime?model=" + "x".repeat(9_000) + " HTTP/1.1\r\nHost: x\r\n\r\n"))
                .doesNotStartWith("HTTP/1.1 101");
        assertThat(raw("GET /v1/realtime?model=x HTTP/1.1\r\nHost: x\r\nX: " + "x".repeat(20_000) + "\r\n\r\n"))
                .doesNotStartWith("HTTP/1.1 101");
    }

    private static Tenant with(Tenant tenant, Set<ModelName> models, int sessionsMax) {
        return tenant.withOwn(tenant.own().withModels(models).with(LimitName.SESSIONS_MAX, sessionsMax));
    }

    private static String authorized(String tenant, String query) throws Exception {
        return upgrade(query, "Authorization: Bearer " + rig.token(tenant));
    }

    private static String upgrade(String query, String... headers) throws Exception {
        String lines = headers.length == 0 ? "" : String.join("\r\n", headers) + "\r\n";
        return raw("GET /v1/realtime" + query + " HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
                + "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                + lines + "\r\n");
    }

    /** A server that closes with unread bytes resets the connection: an end like any other. */
    private static int read(InputStream in) throws IOException {
        try {
            return in.read();
        } catch (SocketException reset) {
            return -1;
        }
    }

    /** The answer up to the end of an upgrade's headers, or to the end of the connection. */
    private static String raw(String request) throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), rig.port())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            StringBuilder answer = new StringBuilder();
            InputStream in = socket.getInputStream();
            int next = read(in);
            while (next >= 0) {
                answer.append((char) next);
                if (answer.indexOf("HTTP/1.1 101") == 0 && answer.toString().endsWith("\r\n\r\n")) {
                    break;
                }
                next = read(in);
            }
            return answer.toString();
        }
    }
}
