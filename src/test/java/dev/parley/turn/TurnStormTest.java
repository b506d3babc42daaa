package dev.parley.turn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.auth.Caller;
import dev.parley.auth.TokenVerifier;
import dev.parley.config.SessionConfig;
import dev.parley.content.ContentMemory;
import dev.parley.dialect.Dialect;
import dev.parley.domain.ModelKind;
import dev.parley.domain.ModelName;
import dev.parley.domain.Refusal;
import dev.parley.domain.SessionId;
import dev.parley.domain.SubjectId;
import dev.parley.relay.Backlogs;
import dev.parley.session.FakePrices;
import dev.parley.session.ModelPolicy;
import dev.parley.session.SessionEvents;
import dev.parley.session.SessionOrder;
import dev.parley.session.SessionRegistry;
import dev.parley.session.SessionServices;
import dev.parley.session.TenantTerms;
import dev.parley.tenancy.LimitName;
import dev.parley.tenancy.Tenant;
import dev.parley.tenancy.TestTenants;
import io.vertx.core.Future;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Turns of two tenants at random, against a provider that does what it can to give one's words to another, with cancels, drops
 * and resumes at every await: nobody hears a word of anybody else's, every turn ends, and nothing is left. Real sessions on an event
 * loop whose time the test turns. {@code -Dturns=1000000 -Dturns.seed=…} for more.
 */
class TurnStormTest {
    private static final int TURNS = Integer.getInteger("turns", 8_000);
    private static final long SEED = Long.getLong("turns.seed", System.nanoTime());
    private static final List<Tenant> TENANTS = List.of(tenant("red"), tenant("blue"));
    private static final int CLIENTS = 40;

    private final SplittableRandom random = new SplittableRandom(SEED);
    private final VirtualLoop loop = new VirtualLoop();
    private final StormWatch watch = new StormWatch();
    private final VirtualMoney money = new VirtualMoney(loop, random.split());
    private final HostileProvider provider = new HostileProvider(loop, random.split(), watch);
    private final SessionRegistry registry = new SessionRegistry(1_000, new ContentMemory(1));
    private final LoopUpstreams upstreams = new LoopUpstreams(
            loop.vertx(), provider, TurnRig.limits(4, 6, Duration.ofSeconds(10)), loop, random.split());
    private final Backlogs backlogs = new Backlogs(256 << 20, 2 << 20, loop);
    private final FakePrices prices = new FakePrices();
    private final SessionServices services = new SessionServices(
            provider,
            prices,
            money,
            new Verifier(),
            id -> Future.succeededFuture(
                    TENANTS.stream().filter(tenant -> tenant.id().equals(id)).findFirst()),
            _ -> {},
            loop,
            new SessionConfig(
                    1_000,
                    50,
                    Duration.ofSeconds(10),
                    Duration.ofSeconds(10),
                    Duration.ofSeconds(5),
                    Duration.ofMinutes(2),
                    1_000),
            Duration.ofSeconds(30),
            "node-1",
            backlogs,
            SessionEvents.NONE);
    private int turnsLeft = TURNS;
    private int sessions;
    private int clients;

    @Test
    void noCanaryCrossesAndNothingIsLeft() {
        System.out.println("turn storm: seed " + SEED);
        long begun = System.nanoTime();
        for (int i = 0; i < CLIENTS; i++) {
            join();
        }
        while (clients > 0) {
            assertThat(loop.step()).isTrue();
        }
        loop.runFor(Duration.ofMinutes(10));
        System.out.println("turn storm: " + watch.figures() + "; " + sessions + " sessions on " + provider.opened()
                + " upstream sessions, " + money.entries() + " entries; 0 canaries crossed; "
                + Duration.ofNanos(System.nanoTime() - begun).toSeconds() + " s; seed " + SEED);
        assertThat(watch.turns).isEqualTo(TURNS);
        assertThat(registry.size()).as("sessions").isZero();
        assertThat(money.open()).isEqualTo("0 reservations, 0 places, 0 permits");
        assertThat(provider.open()).as("upstream sessions").isZero();
        assertThat(upstreams.open()).isZero();
        assertThat(loop.pending()).as("timers").isZero();
        assertThat(backlogs.bytes()).as("kept for clients").isZero();
        assertThat(watch.resumes).isPositive();
        assertThat(watch.hasHitEverything()).as("every await was hit").isTrue();
    }

    private void join() {
        int turns = Math.min(turnsLeft, 1 + random.nextInt(10));
        if (turns == 0) {
            return;
        }
        turnsLeft -= turns;
        clients++;
        int number = ++sessions;
        Tenant tenant = TENANTS.get(number % TENANTS.size());
        HostileClient client =
                new HostileClient(loop, random.split(), watch, tenant.id().value(), number, turns, this::left);
        SessionOrder order = order(tenant, number);
        TurnSession session = new TurnSession(loop.context(), services, registry, upstreams, order, client.leg());
        session.start();
        client.start(session, order.caller());
    }

    private void left(int turnsNotMade) {
        clients--;
        turnsLeft += turnsNotMade;
        join();
    }

    private static Tenant tenant(String name) {
        Tenant roomy = TestTenants.roomy(name);
        return roomy.withOwn(roomy.own().with(LimitName.RESUME_WINDOW_SECONDS, 30));
    }

    private SessionOrder order(Tenant tenant, int number) {
        Caller caller = new Caller(
                tenant.id(),
                new SubjectId("user-" + number),
                "parley",
                "t" + number,
                Instant.EPOCH,
                Instant.MAX,
                null,
                OptionalInt.empty());
        TenantTerms terms = new TenantTerms(tenant);
        return new SessionOrder(
                SessionId.random(),
                terms,
                caller,
                ModelKind.CONVERSATION,
                new ModelName("gpt-realtime"),
                new ModelName("gpt-realtime"),
                Dialect.GA,
                new ModelPolicy(prices, loop, terms, caller),
                money.permit());
    }

    private static final class Verifier implements TokenVerifier {
        @Override
        public Future<Verification> verify(String token) {
            throw new AssertionError("a running session verifies no token");
        }

        @Override
        public Future<Optional<Refusal>> recheck(Caller caller) {
            return Future.succeededFuture(Optional.empty());
        }
    }
}
