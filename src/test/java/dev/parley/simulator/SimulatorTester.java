package dev.parley.simulator;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** A simulator on a free port for one test, and what is needed to talk to it. */
final class SimulatorTester implements AutoCloseable {
    private final Vertx vertx = Vertx.vertx();
    private final Simulator simulator;

    SimulatorTester() throws Exception {
        this(SimulatorOptions.DEFAULT.withSpeed(SimulatorOptions.UNLIMITED));
    }

    SimulatorTester(SimulatorOptions options) throws Exception {
        simulator = get(Simulator.start(vertx, options));
    }

    Vertx vertx() {
        return vertx;
    }

    Simulator simulator() {
        return simulator;
    }

    SimulatorTester script(String script) {
        simulator.scripts().always(Script.parse(script));
        return this;
    }

    RealtimeClient conversation() throws Exception {
        return connect("/v1/realtime?model=gpt-realtime");
    }

    RealtimeClient transcription() throws Exception {
        return connect("/v1/realtime?intent=transcription");
    }

    RealtimeClient connect(String uri) throws Exception {
        return RealtimeClient.connect(vertx, simulator, uri);
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

    static <T> T get(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    static void eventually(BooleanSupplier condition, String what) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("not in time: " + what);
            }
            Thread.onSpinWait();
        }
    }

    @Override
    public void close() {
        try {
            get(vertx.close());
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}
