package dev.parley.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.clients.NodePackage;
import dev.parley.server.BrokerTester;
import io.vertx.core.json.JsonObject;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Ten thousand live sessions of another node in the console's table; what it costs the browser is printed. */
class ManySessionsIT {
    private static final Path FOLDER = Path.of("src/test/browser");
    private static final int SESSIONS = 10_000;
    /** Far above what it takes: a table that draws all rows takes seconds. */
    private static final int SCRIPT_MILLIS_MAX = 500;

    @Test
    void theTableStaysFluid() throws Exception {
        NodePackage.install(FOLDER);
        int port = freePort();
        try (BrokerTester tester = BrokerTester.start()) {
            makeSessions(tester, port);
            String output = NodePackage.run(
                    FOLDER,
                    List.of("node", "many.mjs"),
                    Map.of(
                            "PARLEY_ADMIN", tester.adminUrl().toString(),
                            "PARLEY_LINK", tester.broker().firstLink().orElseThrow(),
                            "PARLEY_NODE_PORT", Integer.toString(port),
                            "PARLEY_SESSIONS", Integer.toString(SESSIONS)),
                    TimeUnit.MINUTES.toSeconds(3));
            JsonObject seen =
                    new JsonObject(output.lines().reduce((_, last) -> last).orElseThrow());
            System.out.println("10,000 live sessions: " + seen.encode());

            assertThat(seen.getJsonObject("idle").getInteger("scriptMillisPerSecond"))
                    .isLessThan(SCRIPT_MILLIS_MAX);
        }
    }

    /** Of a node that never falls silent. */
    private static void makeSessions(BrokerTester tester, int port) {
        tester.database()
                .execute("insert into node (name, address, version, heartbeat_at)" + " values ('far', '127.0.0.1:"
                        + port + "', 'test', now() + interval '1 day')");
        tester.database().execute("""
                insert into live_session (session_id, tenant_id, subject, model, node, epoch, started_at)
                select 'psn_' || lpad(i::text, 22, '0'), 'tenant-' || i %% 97, 'user-' || i, 'gpt-realtime', 'far',
                       (select epoch from node where name = 'far'), now() - make_interval(secs => i)
                from generate_series(1, %d) as i
                """.formatted(SESSIONS));
    }

    private static int freePort() throws Exception {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
