package dev.parley.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.server.BrokerTester;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The OpenID provider takes connections and says nothing. */
class SlowProviderIT {
    /** More than the admin plane does at once. */
    private static final int STRANGERS = 5;

    private static final int DONE_AT_ONCE = 3;

    @Test
    void strangersAtTheProvidersDoorKeepNobodyFromTheConsole() throws Exception {
        List<Socket> held = new CopyOnWriteArrayList<>();
        CountDownLatch asked = new CountDownLatch(DONE_AT_ONCE);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
                ServerSocket provider = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            threads.execute(() -> accept(provider, held, asked));
            String url = "http://127.0.0.1:" + provider.getLocalPort();
            BrokerTester tester = BrokerTester.start(Map.of(
                    "PARLEY_OIDC_ISSUER", url,
                    "PARLEY_OIDC_CLIENT_ID", "parley",
                    "PARLEY_OIDC_REDIRECT_URL", "http://127.0.0.1/api/v1/oidc/callback",
                    "PARLEY_OIDC_OWNER_GROUPS", "parley-owners"));
            try {
                Operator owner = Operator.first(
                        tester.adminUrl(), tester.broker().firstLink().orElseThrow());
                for (int i = 0; i < STRANGERS; i++) {
                    threads.execute(() -> knock(tester.adminUrl()));
                }
                assertThat(asked.await(20, TimeUnit.SECONDS)).isTrue();

                List<Integer> answers = new ArrayList<>();
                for (String path : List.of("/session", "/tenants", "/sessions")) {
                    answers.add(owner.status("GET", path, null));
                }

                assertThat(answers).containsOnly(200);
            } finally {
                for (Socket socket : held) {
                    socket.close();
                }
                tester.close();
            }
        }
    }

    private static void knock(URI admin) {
        try {
            Operator.stranger(admin).send("GET", "/oidc/start", null);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** Until the server's socket is closed. */
    private static void accept(ServerSocket provider, List<Socket> held, CountDownLatch asked) {
        try {
            while (!provider.isClosed()) {
                held.add(provider.accept());
                asked.countDown();
            }
        } catch (IOException _) {
            // the test is over
        }
    }
}
