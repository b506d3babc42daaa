package dev.parley.sideband;

import static dev.parley.gateway.BrokerRig.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.auth.Caller;
import dev.parley.call.CallId;
import dev.parley.call.CallStore;
import dev.parley.call.LiveCall;
import dev.parley.config.AccountConfig;
import dev.parley.content.ContentMemory;
import dev.parley.domain.ModelName;
import dev.parley.domain.NodeIdentity;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import dev.parley.relay.RelayLimits;
import dev.parley.session.SessionRegistry;
import dev.parley.upstream.Accounts;
import dev.parley.upstream.Breaker;
import dev.parley.upstream.Dialer;
import dev.parley.upstream.UpstreamCalls;
import dev.parley.upstream.UpstreamConnector.Target;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Queue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Calls that nobody serves, with a store in memory and a provider that can be away. */
class CallKeeperTest {
    private static final LiveCall CALL = new LiveCall(
            new CallId("rtc_1"),
            "main",
            new Caller(
                    new TenantId("acme"),
                    new SubjectId("alice"),
                    "parley",
                    "t1",
                    Instant.EPOCH,
                    Instant.EPOCH,
                    null,
                    OptionalInt.empty()),
            new ModelName("gpt-realtime"),
            new ModelName("gpt-realtime"),
            Instant.EPOCH);

    private final Vertx vertx = Vertx.vertx();
    private final Accounts accounts = new Accounts(_ -> new NoDialer(), () -> new Breaker(new SplittableRandom(1)));
    private final Store store = new Store();
    private final AtomicInteger asked = new AtomicInteger();

    @AfterEach
    void close() throws Exception {
        vertx.close().await(5, TimeUnit.SECONDS);
    }

    @Test
    void aCallWhoseAccountThisNodeDoesNotKnowIsLeftToOthers() {
        store.free.add(CALL);
        try (CallKeeper keeper = keeper()) {
            eventually("it is free again, and again", () -> store.released.get() >= 2);

            assertThat(store.ended).isEmpty();
            assertThat(keeper.takenOver()).isZero();
        }
    }

    @Test
    void aCallThatMustEndIsEndedWhenItsProviderIsBack() throws Exception {
        HttpServer provider = vertx.createHttpServer()
                .requestHandler(request -> request.response()
                        .setStatusCode(asked.incrementAndGet() < 3 ? 503 : 200)
                        .end())
                .listen(0)
                .await(5, TimeUnit.SECONDS);
        accounts.follow(
                List.of(AccountConfig.of(
                        "main", URI.create("http://127.0.0.1:" + provider.actualPort() + "/v1"), null, 10)),
                Set.of());
        try (CallKeeper keeper = keeper()) {
            keeper.end(CALL, "budget_exhausted").await(5, TimeUnit.SECONDS);
            assertThat(store.ended).isEmpty();

            eventually("the provider has ended it", () -> store.ended.contains(CALL.id()));
            assertThat(asked).hasValue(3);
        }
    }

    private CallKeeper keeper() {
        return new CallKeeper(parts(), store);
    }

    @SuppressWarnings("NullAway") // what it does not come to
    private CallParts parts() {
        return new CallParts(
                vertx,
                null,
                null,
                new SessionRegistry(10, new ContentMemory(1)),
                new UpstreamCalls(vertx, accounts, RelayLimits.upstream(), null),
                store,
                null,
                new Node(),
                null);
    }

    private static final class Store implements CallStore {
        private final Queue<LiveCall> free = new ConcurrentLinkedQueue<>();
        private final Queue<CallId> ended = new ConcurrentLinkedQueue<>();
        private final AtomicInteger released = new AtomicInteger();

        @Override
        public boolean ring(CallId call, TenantId tenant, String account) {
            return true;
        }

        @Override
        public Optional<Known> find(CallId call, TenantId tenant) {
            return Optional.empty();
        }

        @Override
        public boolean begin(LiveCall call, long epoch) {
            return true;
        }

        @Override
        public boolean release(CallId call, long epoch) {
            released.incrementAndGet();
            free.add(CALL);
            return true;
        }

        @Override
        public void end(CallId call) {
            ended.add(call);
        }

        @Override
        public List<LiveCall> claim(long epoch, int max) {
            LiveCall call = free.poll();
            return call == null ? List.of() : List.of(call);
        }
    }

    private static final class Node implements NodeIdentity {
        @Override
        public String name() {
            return "a";
        }

        @Override
        public long epoch() {
            return 1;
        }

        @Override
        public boolean admitting() {
            return true;
        }

        @Override
        public Instant databaseNow() {
            return Instant.EPOCH;
        }
    }

    private static final class NoDialer implements Dialer {
        @Override
        public void dial(Target target, Call call) {
            throw new AssertionError("no session is opened here");
        }

        @Override
        public void close() {
            // it holds nothing
        }
    }
}
