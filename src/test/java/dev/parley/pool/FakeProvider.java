package dev.parley.pool;

import dev.parley.config.AccountConfig;
import dev.parley.config.Secret;
import dev.parley.upstream.Dialer;
import dev.parley.upstream.Fault;
import dev.parley.upstream.Unavailable;
import dev.parley.upstream.UpstreamConnector.Target;
import io.vertx.core.buffer.Buffer;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One account's provider: the test decides how each connection ends, in the order in which they were begun. */
final class FakeProvider implements Dialer {
    final AccountConfig config;
    final List<FakeLeg> legs = new ArrayList<>();
    private final Deque<Call> calls = new ArrayDeque<>();
    private int dialed;
    /** Whether it cannot even begin. */
    boolean throwing;

    FakeProvider(String name, int weight, int sessionsMax) {
        config = new AccountConfig(
                name,
                AccountConfig.Profile.COMPATIBLE,
                URI.create("ws://" + name + ".test/v1"),
                new Secret("key-" + name),
                null,
                null,
                null,
                Map.of(),
                weight,
                sessionsMax);
    }

    @Override
    public void dial(Target target, Call call) {
        dialed++;
        if (throwing) {
            throw new IllegalStateException("no connection can begin");
        }
        calls.add(call);
    }

    @Override
    public void close() {}

    /** Connections begun, ever. */
    int dialed() {
        return dialed;
    }

    /** Connections that wait for the test. */
    int pending() {
        return calls.size();
    }

    FakeLeg succeed() {
        FakeLeg leg = new FakeLeg();
        legs.add(leg);
        calls.remove()
                .opened(new Opened(
                        leg, "sess_" + config.name() + legs.size(), Buffer.buffer("{\"type\":\"session.created\"}")));
        return leg;
    }

    void succeedAll() {
        while (!calls.isEmpty()) {
            succeed();
        }
    }

    void fail(Fault fault, String code, @Nullable Duration retryAfter) {
        Call call = calls.remove();
        call.failed(new Failure(fault, code, retryAfter, Unavailable.refusal("refused: " + code)));
        call.gone();
    }
}
