package dev.parley.pool;

import dev.parley.concurrent.ManualTicker;
import dev.parley.domain.ModelName;
import dev.parley.domain.TenantId;
import dev.parley.relay.LegEnd;
import dev.parley.upstream.Account;
import dev.parley.upstream.Accounts;
import dev.parley.upstream.Breaker;
import dev.parley.upstream.UpstreamConnector.Outcome;
import dev.parley.upstream.UpstreamConnector.Target;
import dev.parley.upstream.UpstreamConnector.UpstreamSession;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** One or more loops' pools with a clock whose hands the test turns, and providers that it plays. One thread. */
final class LoopRig {
    static final Target MODEL = new Target(new ModelName("gpt-realtime"));
    static final Target OTHER = new Target(new ModelName("gpt-realtime-mini"));

    final ManualTicker ticker = new ManualTicker(Instant.EPOCH);
    final PoolSettings settings = new PoolSettings();
    final List<String> ended = new ArrayList<>();
    final Accounts accounts;
    private final Map<String, FakeProvider> providers = new HashMap<>();
    private final List<LoopPool> loops = new ArrayList<>();
    private final Deque<Runnable> later = new ArrayDeque<>();
    private TenantCounts tenants = new TenantCounts(1);

    LoopRig(FakeProvider... all) {
        for (FakeProvider provider : all) {
            providers.put(provider.config.name(), provider);
        }
        accounts = new Accounts(config -> providers.get(config.name()), () -> new Breaker(new SplittableRandom(1)));
        accounts.follow(List.of(all).stream().map(provider -> provider.config).toList(), Set.of());
        settings.warmMin = 0;
    }

    /** After the settings are as the test wants them. */
    LoopPool loop() {
        if (loops.isEmpty()) {
            tenants = new TenantCounts(settings.tenantSessionsMax);
            anotherLoop();
        }
        return loops.getFirst();
    }

    LoopPool anotherLoop() {
        Neighbourhood neighbourhood = new Neighbourhood();
        LoopPool loop = new LoopPool(
                settings.config(), accounts, tenants, new Events(), ticker, new SplittableRandom(1), neighbourhood);
        neighbourhood.self = loop;
        loops.add(loop);
        loop.start();
        return loop;
    }

    /** An operator gives an account other settings, such as another key. */
    void renew(FakeProvider renewed) {
        providers.put(renewed.config.name(), renewed);
        accounts.follow(
                providers.values().stream().map(provider -> provider.config).toList(), Set.of());
    }

    Asked ask(String tenant) {
        return ask(loop(), tenant, MODEL);
    }

    Asked ask(LoopPool loop, String tenant, Target target) {
        Asked asked = new Asked(tenant);
        loop.acquire(new TenantId(tenant), target).onComplete(outcome -> asked.outcome = outcome.result());
        settle();
        return asked;
    }

    /** Lets time go by, in the steps in which a loop looks at it. */
    void pass(Duration time) {
        long left = time.toNanos();
        while (left > 0) {
            long step = Math.min(left, LoopPool.TICK.toNanos());
            ticker.advance(Duration.ofNanos(step));
            loops.forEach(LoopPool::tick);
            settle();
            left -= step;
        }
    }

    void settle() {
        while (!later.isEmpty()) {
            later.remove().run();
        }
    }

    Account account(String name) {
        return accounts.all().stream()
                .filter(account -> account.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    PoolSnapshot.ModelRow row() {
        loop().publish();
        return loop().published().getFirst();
    }

    /** One who asked, and what came of it. */
    static final class Asked {
        private final String tenant;
        private @Nullable Outcome outcome;

        private Asked(String tenant) {
            this.tenant = tenant;
        }

        String tenant() {
            return tenant;
        }

        boolean waits() {
            return outcome == null;
        }

        boolean isConnected() {
            return outcome instanceof Outcome.Connected;
        }

        UpstreamSession session() {
            if (outcome instanceof Outcome.Connected(UpstreamSession session)) {
                return session;
            }
            throw new AssertionError("not connected: " + outcome);
        }

        Outcome.Unavailable refusal() {
            if (outcome instanceof Outcome.Unavailable unavailable) {
                return unavailable;
            }
            throw new AssertionError("not refused: " + outcome);
        }

        /** The session is over. */
        void release() {
            session().lease().ended(new LegEnd(LegEnd.Cause.LOCAL, 1000, ""));
        }
    }

    private final class Neighbourhood implements LoopPool.Neighbours {
        private @Nullable LoopPool self;

        @Override
        public void later(Runnable task) {
            later.add(task);
        }

        @Override
        public void placeFreed() {
            others().filter(LoopPool::isStarved).forEach(other -> later.add(other::wake));
        }

        @Override
        public void needRoom(Account account) {
            others().forEach(other -> later.add(() -> other.giveUpOne(account)));
        }

        @Override
        public boolean anyStarved() {
            return others().anyMatch(LoopPool::isStarved);
        }

        private Stream<LoopPool> others() {
            return loops.stream().filter(loop -> loop != self);
        }
    }

    private final class Events implements PoolEvents {
        @Override
        public void acquired(Duration waited, boolean warm) {}

        @Override
        public void refused(String code) {}

        @Override
        public void connected(String account, Duration took) {}

        @Override
        public void connectFailed(String account, String code) {}

        @Override
        public void ended(EndReason reason) {
            ended.add(reason.label());
        }
    }
}
