package dev.parley.pool;

import dev.parley.concurrent.Ticker;
import dev.parley.config.PoolConfig;
import dev.parley.domain.TenantId;
import dev.parley.upstream.Account;
import dev.parley.upstream.Accounts;
import dev.parley.upstream.Breaker;
import dev.parley.upstream.UpstreamConnector;
import io.vertx.core.Context;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Pool mode {@code session}: hands each session an upstream session of its own, warm if there is one. A pool for each event
 * loop, so that what is handed out never crosses threads. Thread-safe; {@link #acquire} is for event loops.
 */
public final class SessionPool implements UpstreamConnector {
    private final Vertx vertx;
    private final PoolConfig config;
    private final Accounts accounts;
    private final PoolEvents events;
    private final Ticker ticker;
    private final TenantCounts tenants;
    private final Map<Thread, Loop> loops = new ConcurrentHashMap<>();
    private volatile boolean closed;

    public SessionPool(Vertx vertx, PoolConfig config, Accounts accounts, PoolEvents events, Ticker ticker) {
        this.vertx = vertx;
        this.config = config;
        this.accounts = accounts;
        this.events = events;
        this.ticker = ticker;
        this.tenants = new TenantCounts(config.tenantSessionsMax());
    }

    /** Begins to keep warm what the settings name, on so many event loops; others join when they first acquire. */
    public Future<Void> start(int eventLoops) {
        return vertx.deployVerticle(Starter::new, new DeploymentOptions().setInstances(eventLoops))
                .mapEmpty();
    }

    @Override
    public Future<Outcome> acquire(TenantId tenant, Target target) {
        return here().pool.acquire(tenant, target);
    }

    /** Upstream sessions open or being opened, of all accounts. */
    public int openSessions() {
        return accounts.all().stream().mapToInt(Account::open).sum();
    }

    /** What the pool holds; from any thread. */
    public PoolSnapshot snapshot() {
        Map<String, PoolSnapshot.ModelRow> models = new LinkedHashMap<>();
        for (Loop loop : loops.values()) {
            loop.pool.published().forEach(row -> models.merge(row.model(), row, PoolSnapshot.ModelRow::plus));
        }
        long now = ticker.nanos();
        return new PoolSnapshot(
                List.copyOf(models.values()),
                accounts.all().stream().map(account -> row(account, now)).toList());
    }

    /** Hands out nothing any more and ends what is warm; what is leased is its holders' to end. */
    public Future<Void> close() {
        closed = true;
        List<Future<?>> stopped = new ArrayList<>();
        for (Loop loop : loops.values()) {
            Promise<Void> done = Promise.promise();
            stopped.add(done.future());
            loop.context.runOnContext(_ -> {
                loop.stop();
                done.complete();
            });
        }
        return Future.join(stopped).mapEmpty();
    }

    private Loop here() {
        Context context = Vertx.currentContext();
        if (context == null || !context.isEventLoopContext()) {
            throw new IllegalStateException("upstream sessions are acquired on an event loop");
        }
        Loop known = loops.get(Thread.currentThread());
        return known == null ? join(context) : known;
    }

    /** Only ever called on the loop's own thread, so nobody else puts the same. */
    private Loop join(Context context) {
        Loop loop = new Loop(context);
        loops.put(Thread.currentThread(), loop);
        loop.start();
        return loop;
    }

    private static PoolSnapshot.AccountRow row(Account account, long now) {
        Breaker.Status status = account.breaker().status();
        Duration reopens =
                status.state() == Breaker.State.OPEN ? Duration.ofNanos(Math.max(0, status.until() - now)) : null;
        return new PoolSnapshot.AccountRow(
                account.name(),
                account.config().profile().name(),
                account.open(),
                account.config().sessionsMax(),
                account.config().weight(),
                status.state(),
                reopens,
                status.cause());
    }

    /** Opens the pool of one event loop at start. */
    private final class Starter extends VerticleBase {
        @Override
        public Future<?> start() {
            here();
            return Future.succeededFuture();
        }
    }

    /** One event loop with its pool. */
    private final class Loop implements LoopPool.Neighbours {
        private final Context context;
        private final LoopPool pool;
        private @Nullable Long timer;

        Loop(Context context) {
            this.context = context;
            this.pool = new LoopPool(config, accounts, tenants, events, ticker, new SplittableRandom(), this);
        }

        void start() {
            if (closed) {
                pool.stop();
                return;
            }
            timer = vertx.setPeriodic(LoopPool.TICK.toMillis(), _ -> pool.tick());
            pool.start();
        }

        void stop() {
            if (timer != null) {
                vertx.cancelTimer(timer);
            }
            pool.stop();
        }

        @Override
        public void later(Runnable task) {
            context.runOnContext(_ -> task.run());
        }

        @Override
        public void placeFreed() {
            others(other -> {
                if (other.pool.isStarved()) {
                    other.later(other.pool::wake);
                }
            });
        }

        @Override
        public void needRoom(Account account) {
            others(other -> other.later(() -> other.pool.giveUpOne(account)));
        }

        @Override
        public boolean anyStarved() {
            for (Loop other : loops.values()) {
                if (other != this && other.pool.isStarved()) {
                    return true;
                }
            }
            return false;
        }

        private void others(Consumer<Loop> task) {
            for (Loop other : loops.values()) {
                if (other != this) {
                    task.accept(other);
                }
            }
        }
    }
}
