package dev.parley.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.http.UpgradeRejectedException;
import io.vertx.core.http.WebSocketConnectOptions;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Browsers: from which pages they may come. */
class OriginsIT {
    private static final String LISTED = "https://app.acme.example";
    private static final String OTHERS = "https://globex.example";
    private static final String NOBODYS = "https://evil.example";
    private static BrokerRig rig;

    @BeforeAll
    static void start() throws Exception {
        rig = new BrokerRig().tenant("acme").tenant("globex").tenant("open");
        rig.database()
                .execute("insert into tenant_origin values ('acme', '" + LISTED + "'), ('globex', '" + OTHERS + "')");
        BrokerRig.eventually("the list is read", () -> socket("acme", NOBODYS) == 403);
    }

    @AfterAll
    static void stop() {
        rig.close();
    }

    @Test
    void letsSocketsInFromListedPagesAndFromWhatIsNoBrowser() {
        assertThat(socket("acme", LISTED)).isEqualTo(101);
        assertThat(socket("acme", null)).isEqualTo(101);
        assertThat(socket("acme", OTHERS)).isEqualTo(403);
        assertThat(socket("acme", LISTED + ".evil.example")).isEqualTo(403);
        assertThat(socket("acme", "null")).isEqualTo(403);
        assertThat(socket("open", NOBODYS)).as("a tenant without a list").isEqualTo(101);
        rig.assertQuiet("acme", "open");
    }

    @Test
    void tellsBrowsersWhatTheyMayAsk() throws Exception {
        String question =
                "OPTIONS /v1/realtime/client_secrets HTTP/1.1\r\nHost: x\r\nAccess-Control-Request-Method: POST\r\n"
                        + "Access-Control-Request-Headers: authorization,content-type,x-stainless-os\r\nOrigin: ";
        assertThat(http(question + LISTED + "\r\n\r\n"))
                .startsWith("HTTP/1.1 204")
                .contains("Access-Control-Allow-Origin: " + LISTED)
                .contains("Access-Control-Allow-Headers: authorization,content-type,x-stainless-os")
                .contains("Vary: Origin");
        String files = "/v1/audio/transcriptions";
        assertThat(http(question.replace("/v1/realtime/client_secrets", files) + LISTED + "\r\n\r\n"))
                .startsWith("HTTP/1.1 204");
        assertThat(http("POST " + files + " HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nOrigin: " + LISTED
                        + "\r\n\r\n"))
                .startsWith("HTTP/1.1 400")
                .contains("Access-Control-Allow-Origin: " + LISTED);
        assertThat(http("GET /v1/usage?from=%zz HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + rig.token("acme")
                        + "\r\n\r\n"))
                .startsWith("HTTP/1.1 400")
                .contains("invalid_query");
        assertThat(http(question + NOBODYS + "\r\n\r\n"))
                .startsWith("HTTP/1.1 403")
                .doesNotContain("Access-Control-Allow-Origin");
    }

    @Test
    void answersAPageOfTheTenantsOnly() throws Exception {
        String request =
                "GET /v1/models HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + rig.token("acme") + "\r\nOrigin: ";
        assertThat(http(request + LISTED + "\r\n\r\n"))
                .startsWith("HTTP/1.1 200")
                .contains("Access-Control-Allow-Origin: " + LISTED);
        assertThat(http(request + OTHERS + "\r\n\r\n"))
                .startsWith("HTTP/1.1 403")
                .contains("origin_not_allowed");
    }

    @Test
    void tellsWhenAModelIsAboutToGo() throws Exception {
        String upgrade =
                "GET /v1/realtime?model=%s HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer "
                        + rig.token("acme") + "\r\n\r\n";
        rig.database()
                .execute("update model set shutdown_at = now() + interval '10 days' where name = 'gpt-realtime-mini'");
        BrokerRig.eventually(
                "the date is read",
                () -> http(upgrade.formatted("gpt-realtime-mini")).contains("Sunset: "));
        assertThat(http(upgrade.formatted("gpt-realtime-2.1"))).doesNotContain("Sunset");
    }

    /** The status of an upgrade. */
    private static int socket(String tenant, @Nullable String origin) {
        WebSocketConnectOptions options =
                rig.upgrade("?model=gpt-realtime").addHeader("Authorization", "Bearer " + rig.token(tenant));
        if (origin == null) {
            options.setAllowOriginHeader(false);
        } else {
            options.addHeader("Origin", origin);
        }
        try (WireClient _ = WireClient.connect(rig.vertx(), options)) {
            return 101;
        } catch (Exception refused) {
            if (refused.getCause() instanceof UpgradeRejectedException upgrade) {
                return upgrade.getStatus();
            }
            throw new AssertionError("neither accepted nor refused", refused);
        }
    }

    /** The answer up to the end of the connection, or of an upgrade's headers. */
    private static String http(String request) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), rig.port())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            InputStream in = socket.getInputStream();
            StringBuilder answer = new StringBuilder();
            for (int next = in.read(); next >= 0; next = in.read()) {
                answer.append((char) next);
                if (answer.indexOf("HTTP/1.1 101") == 0 && answer.toString().endsWith("\r\n\r\n")) {
                    break;
                }
            }
            return answer.toString();
        } catch (IOException failure) {
            throw new AssertionError(failure);
        }
    }
}
