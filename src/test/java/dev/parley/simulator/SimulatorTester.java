package dev.parley.simulator;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.client.HttpResponse;
import io.vertx.ext.web.client.WebClient;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** A simulator on a free port for one test class, without scripts at the start of each test. */
final class SimulatorTester implements BeforeAllCallback, BeforeEachCallback, AfterAllCallback {
    private final SimulatorOptions options;
    private final Vertx vertx = Vertx.vertx();
    private @Nullable Simulator simulator;

    /** As fast as the sockets take it. */
    SimulatorTester() {
        this(SimulatorOptions.DEFAULT.withSpeed(SimulatorOptions.UNLIMITED));
    }

    SimulatorTester(SimulatorOptions options) {
        this.options = options;
    }

    @Override
    public void beforeAll(ExtensionContext context) throws Exception {
        simulator = get(Simulator.start(vertx, options));
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        simulator().scripts().clear();
    }

    @Override
    public void afterAll(ExtensionContext context) throws Exception {
        get(vertx.close());
    }

    Vertx vertx() {
        return vertx;
    }

    Simulator simulator() {
        return Objects.requireNonNull(simulator);
    }

    Books books() {
        return simulator().books();
    }

    SimulatorTester script(String script) {
        simulator().scripts().clear();
        simulator().scripts().always(Script.parse(script));
        return this;
    }

    RealtimeClient conversation() throws Exception {
        return connect("/v1/realtime?model=gpt-realtime");
    }

    RealtimeClient transcription() throws Exception {
        return connect("/v1/realtime?intent=transcription");
    }

    RealtimeClient connect(String uri) throws Exception {
        return RealtimeClient.connect(vertx, simulator(), uri);
    }

    /** A conversation in text, without voice activity. */
    RealtimeClient textConversation() throws Exception {
        RealtimeClient client = conversation();
        client.send("""
                {"type":"session.update","session":{"type":"realtime","output_modalities":["text"],
                "audio":{"input":{"turn_detection":null}}}}""");
        client.await("session.updated");
        return client;
    }

    HttpResponse<Buffer> http(HttpMethod method, String uri, String body) throws Exception {
        WebClient client = WebClient.create(vertx);
        try {
            return get(
                    client.request(method, simulator().port(), "127.0.0.1", uri).sendBuffer(Buffer.buffer(body)));
        } finally {
            client.close();
        }
    }

    static <T> T get(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    static void eventually(BooleanSupplier condition, String what) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("not in time: " + what);
            }
            LockSupport.parkNanos(1_000_000);
        }
    }
}
