package dev.parley.pool;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.concurrent.Eventually;
import dev.parley.concurrent.Ticker;
import dev.parley.config.AccountConfig;
import dev.parley.config.PoolConfig;
import dev.parley.domain.ModelName;
import dev.parley.domain.TenantId;
import dev.parley.relay.BytesLegs;
import dev.parley.relay.Gate;
import dev.parley.relay.LegEnd;
import dev.parley.relay.MessageHead;
import dev.parley.relay.RelayLimits;
import dev.parley.simulator.Simulator;
import dev.parley.simulator.SimulatorOptions;
import dev.parley.upstream.AccountClient;
import dev.parley.upstream.Accounts;
import dev.parley.upstream.Breaker;
import dev.parley.upstream.UpstreamConnector.Outcome;
import dev.parley.upstream.UpstreamConnector.Target;
import dev.parley.upstream.UpstreamConnector.UpstreamSession;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** A pool over real sockets, on one event loop, with holders that do nothing but hold. */
final class PoolRig implements AutoCloseable {
    static final Target CONVERSATION = new Target(new ModelName("gpt-realtime"));
    static final String KEY = "sk-test-0123456789";
    static final TenantId ACME = new TenantId("acme");
    private static final int HELD_MILLIS = 200;

    private final Vertx provider = Vertx.vertx();
    private final Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));
    private final Context context = vertx.getOrCreateContext();
    private final List<Accounts> opened = new ArrayList<>();
    private @Nullable SessionPool pool;

    Simulator simulator() {
        return simulator(SimulatorOptions.DEFAULT);
    }

    Simulator simulator(SimulatorOptions options) {
        return Eventually.result(Simulator.start(provider, options.withApiKeys(Set.of(KEY))));
    }

    Vertx provider() {
        return provider;
    }

    /** Another pool in place of the one before. */
    SessionPool open(PoolConfig config, AccountConfig... accounts) {
        Accounts all = new Accounts(
                account -> new AccountClient(
                        vertx, account, Duration.ofSeconds(5), RelayLimits.upstream(), new BytesLegs()),
                () -> new Breaker(new SplittableRandom(1)));
        all.follow(List.of(accounts), Set.of());
        opened.add(all);
        SessionPool made = new SessionPool(vertx, config, all, PoolEvents.NONE, Ticker.SYSTEM);
        pool = made;
        return made;
    }

    SessionPool pool() {
        if (pool == null) {
            throw new AssertionError("no pool is open");
        }
        return pool;
    }

    void start() {
        Eventually.result(pool().start(1));
    }

    /** So many are warm while so many are in use, and none is on its way. */
    void awaitWarm(int number, int active) {
        Eventually.holds(number + " are warm", () -> {
            PoolSnapshot now = pool().snapshot();
            return now.sum(PoolSnapshot.ModelRow::svIdle) >= number
                    && now.sum(PoolSnapshot.ModelRow::svActive) == active
                    && now.sum(PoolSnapshot.ModelRow::svLogin) == 0;
        });
    }

    UpstreamSession connected(Target target) {
        Outcome outcome = acquire(ACME, target);
        assertThat(outcome).isInstanceOf(Outcome.Connected.class);
        return ((Outcome.Connected) outcome).session();
    }

    Outcome.Unavailable unavailable(Target target) {
        Outcome outcome = acquire(ACME, target);
        assertThat(outcome).isInstanceOf(Outcome.Unavailable.class);
        return (Outcome.Unavailable) outcome;
    }

    Outcome acquire(TenantId tenant, Target target) {
        Promise<Outcome> outcome = Promise.promise();
        context.runOnContext(_ -> pool().acquire(tenant, target).onComplete(acquired -> {
            if (acquired.result() instanceof Outcome.Connected(UpstreamSession session)) {
                session.leg().judge(new Holder(session));
            }
            outcome.handle(acquired);
        }));
        return Eventually.result(outcome.future());
    }

    /** Asks for so many sessions a second, each held for a fifth of one; returns when all have asked. */
    List<Future<Outcome>> stream(int perSecond, int number) {
        List<Future<Outcome>> asked = new ArrayList<>();
        Promise<Void> all = Promise.promise();
        context.runOnContext(_ -> vertx.setPeriodic(1_000 / perSecond, timer -> {
            asked.add(pool().acquire(ACME, CONVERSATION).onSuccess(this::holdForAWhile));
            if (asked.size() == number) {
                vertx.cancelTimer(timer);
                all.complete();
            }
        }));
        Eventually.result(all.future());
        return asked;
    }

    private void holdForAWhile(Outcome outcome) {
        if (outcome instanceof Outcome.Connected(UpstreamSession session)) {
            session.leg().judge(new Holder(session));
            vertx.setTimer(HELD_MILLIS, _ -> session.leg().close(1000, ""));
        }
    }

    Breaker breaker(String account) {
        return opened.getLast().all().stream()
                .filter(one -> one.name().equals(account))
                .findFirst()
                .orElseThrow()
                .breaker();
    }

    @Override
    public void close() {
        if (pool != null) {
            Eventually.result(pool.close());
        }
        opened.forEach(Accounts::close);
        Eventually.result(vertx.close());
        Eventually.result(provider.close());
    }

    private record Holder(UpstreamSession session) implements Gate {
        @Override
        public Verdict onMessage(MessageHead head) {
            return Verdict.DROP;
        }

        @Override
        public void onEnd(LegEnd end) {
            session.lease().ended(end);
        }
    }
}
