package dev.parley.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.concurrent.Eventually;
import dev.parley.config.ConfigLoader;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.TenantId;
import dev.parley.server.Broker;
import dev.parley.server.BrokerTester;
import dev.parley.store.TestDatabase;
import dev.parley.tenancy.BudgetPeriod;
import dev.parley.tenancy.TenantStatus;
import dev.parley.tenancy.TestTenants;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Invariant 5 of the design, on three nodes: after a storm of connects and drops, with one node killed in the middle, all
 * counts return to zero; and at no moment does a tenant have more sessions than it may. {@code -Dstorm.connects=5000
 * -Dstorm.seed=…} for the long run.
 */
class ConnectStormIT {
    private static final int CONNECTS = Integer.getInteger("storm.connects", 500);
    private static final long SEED = Long.getLong("storm.seed", System.nanoTime());
    private static final int AT_ONCE = 150;
    private static final int TENANTS = 8;
    private static final int SESSIONS_MAX = 40;
    private static final int STAYERS = 60;
    private static final Duration CALM = Duration.ofSeconds(60);

    private static final String WARM = "parley_pool_sv_idle";

    private final Vertx vertx = Vertx.vertx();
    private final Map<Integer, AtomicInteger> statuses = new ConcurrentHashMap<>();
    private final Set<StormClient> inside = ConcurrentHashMap.newKeySet();
    private final AtomicInteger insideMost = new AtomicInteger();

    @AfterEach
    void close() {
        Eventually.result(vertx.close());
    }

    @Test
    void everythingReturnsToZeroAfterAStormWithAKilledNode(@TempDir Path folder) throws Exception {
        try (BrokerTester tester = BrokerTester.start(Map.of("PARLEY_NODE_NAME", "one"));
                Broker two = Broker.start(
                        ConfigLoader.load(null, named(tester, "two")).config(), _ -> {});
                BrokerProcess three = new BrokerProcess(folder, third(tester))) {
            List<String> tokens = tenants(tester);
            NetClient net = vertx.createNetClient(new NetClientOptions().setSoLinger(0));
            List<Integer> ports = List.of(tester.broker().tenantPort(), two.tenantPort(), three.tenantPort());

            long begun = System.nanoTime();
            Random random = new Random(SEED);
            storm(net, ports, tokens, random, CONNECTS / 2);
            String killed = count(tester, "live_session where node = 'chaos'");
            three.kill();
            long killedAt = System.nanoTime();
            storm(net, ports, tokens, random, CONNECTS - CONNECTS / 2);
            long stormed = System.nanoTime();
            inside.forEach(StormClient::close);
            Eventually.holds("all clients are gone", CALM, inside::isEmpty);
            awaitZero(tester, two);
            long calm = System.nanoTime();

            System.out.printf(
                    "storm of %d connects, seed %d: HTTP statuses %s (0: node gone), %d clients inside at once, %d ms;%n"
                            + "the killed node had %s sessions; all counts at zero %d ms after the kill, %d ms after the"
                            + " last client; transactions that counted sessions: %.0f and %.0f; most sessions of a tenant"
                            + " seen: %s of %d%n",
                    CONNECTS,
                    SEED,
                    statuses,
                    insideMost.get(),
                    millis(stormed - begun),
                    killed,
                    millis(calm - killedAt),
                    millis(calm - stormed),
                    metric(tester.broker(), "parley_permits_rounds"),
                    metric(two, "parley_permits_rounds"),
                    tester.database().query("select max(open) from most_seen"),
                    SESSIONS_MAX);
            System.out.printf(
                    "of hard budgets the killed node held %s, of which %s are in the ledger and the rest stays burned until"
                            + " it is reconciled; held by others: %s%n",
                    money(tester, "granted"), money(tester, "settled"), held(tester));
            assertThat(held(tester)).isEqualTo("0");
            assertThat(balanced(tester))
                    .as("the ledger's sum is the budgets' sum")
                    .isEqualTo("t");
            assertThat(count(tester, "budget_grant join node using (epoch) where state = 'orphan' and name <> 'chaos'"))
                    .isEqualTo("0");
            assertThat(statuses).containsKey(StormClient.SWITCHED);
            assertThat(Integer.parseInt(tester.database().query("select max(open) from most_seen")))
                    .isLessThanOrEqualTo(SESSIONS_MAX);
            assertThat(tester.database().query("select end_reason from node where name = 'chaos'"))
                    .isEqualTo("late");
        }
    }

    /** Clients of all kinds, a bounded number at once; some stay inside for as long as they can. */
    private void storm(NetClient net, List<Integer> ports, List<String> tokens, Random random, int connects)
            throws InterruptedException {
        Semaphore places = new Semaphore(AT_ONCE);
        for (int number = 0; number < connects; number++) {
            assertThat(places.tryAcquire(CALM.toSeconds(), TimeUnit.SECONDS)).isTrue();
            StormClient client = StormClient.ask(
                    net, ports.get(random.nextInt(ports.size())), tokens.get(random.nextInt(tokens.size())));
            int kind = random.nextInt(5);
            boolean stays = number % Math.max(1, connects / STAYERS) == 0;
            client.gone().onComplete(_ -> inside.remove(client));
            if (kind == 0 && !stays) {
                client.vanish(); // perhaps before it is even connected
            }
            client.status().onComplete(status -> {
                statuses.computeIfAbsent(status.result(), _ -> new AtomicInteger())
                        .incrementAndGet();
                places.release();
                if (status.result() == StormClient.SWITCHED) {
                    inside.add(client);
                    insideMost.accumulateAndGet(inside.size(), Math::max);
                    if (!stays) {
                        act(client, kind);
                    }
                } else {
                    client.vanish();
                }
                if (client.gone().isComplete()) {
                    inside.remove(client);
                }
            });
        }
        places.acquire(AT_ONCE);
    }

    private void act(StormClient client, int kind) {
        switch (kind) {
            case 1 -> client.vanish();
            case 2 -> {
                client.speak();
                vertx.setTimer(5, _ -> client.vanish());
            }
            case 3 -> client.speak().onComplete(_ -> client.close());
            default -> client.close();
        }
    }

    private void awaitZero(BrokerTester tester, Broker two) {
        Eventually.holds(
                "no session counts",
                CALM,
                () -> count(tester, "live_session").equals("0")
                        && count(tester, "session_count where open <> 0").equals("0"));
        Eventually.holds(
                "no upstream session is open but the warm ones",
                CALM,
                () -> tester.simulator().books().counters().sessionsOpen()
                        == metric(tester.broker(), WARM) + metric(two, WARM));
        Eventually.holds(
                "living nodes hold nothing of any budget",
                CALM,
                () -> count(tester, "budget_grant where state = 'open'").equals("0"));
        for (Broker broker : List.of(tester.broker(), two)) {
            for (String gauge : List.of(
                    "parley_sessions",
                    "parley_pool_cl_active",
                    "parley_pool_cl_waiting",
                    "parley_pool_sv_active",
                    "parley_pool_sv_login",
                    "parley_pool_sv_closing",
                    "parley_permits_held",
                    "parley_permits_returning",
                    "parley_grants_held_usd",
                    "parley_responses_running",
                    "parley_ledger_places",
                    "parley_ledger_waiting")) {
                Eventually.holds(gauge + " is zero", CALM, () -> metric(broker, gauge) == 0);
            }
        }
    }

    /** Tenants, and a trigger that keeps the most sessions that each ever had at once. */
    private static List<String> tenants(BrokerTester tester) {
        TestDatabase database = tester.database();
        database.execute("create table most_seen (open int not null)");
        database.execute("""
                create function see_most() returns trigger language plpgsql as $$
                begin
                    insert into most_seen
                    select count(*) from live_session where tenant_id = new.tenant_id;
                    return null;
                end $$;
                create constraint trigger see_most after insert on live_session deferrable initially deferred
                    for each row execute function see_most();
                """);
        List<String> tokens = new ArrayList<>();
        for (int number = 0; number < TENANTS; number++) {
            TenantId id = new TenantId("storm-" + number);
            tester.tenant(_ -> TestTenants.of(
                    id,
                    "Storm",
                    TenantStatus.ACTIVE,
                    Set.of(),
                    SESSIONS_MAX,
                    NanoUsd.ofUsd("100000"),
                    BudgetPeriod.MONTH,
                    4_096,
                    Duration.ofHours(1),
                    false,
                    Instant.EPOCH));
            tokens.add(tester.token(id, "sam"));
        }
        return tokens;
    }

    private static Map<String, String> third(BrokerTester tester) {
        Map<String, String> settings = new HashMap<>();
        for (String name : List.of("PARLEY_DATABASE_URL", "PARLEY_UPSTREAM_URL", "PARLEY_UPSTREAM_API_KEY")) {
            settings.put(name, tester.settings().get(name));
        }
        settings.put(
                "PARLEY_AUTH_KEY_FILE",
                Path.of(tester.settings().get("PARLEY_DATA_DIR"), "master.key").toString());
        return settings;
    }

    private static Map<String, String> named(BrokerTester tester, String name) {
        Map<String, String> settings = new HashMap<>(tester.settings());
        settings.put("PARLEY_NODE_NAME", name);
        settings.put("PARLEY_NODE_DEMO", "false");
        return settings;
    }

    private static String count(BrokerTester tester, String of) {
        return tester.database().query("select count(*) from " + of);
    }

    /** Of the grants of dead nodes. */
    private static NanoUsd money(BrokerTester tester, String of) {
        return new NanoUsd(Long.parseLong(tester.database()
                .query("select coalesce(sum(" + of + "), 0) from budget_grant where state = 'orphan'")));
    }

    /** What the budgets say is held, without what dead nodes held. */
    private static String held(BrokerTester tester) {
        return tester.database().query("""
                select (select sum(granted) from budget_balance)
                    - (select coalesce(sum(granted), 0) from budget_grant where state = 'orphan')""");
    }

    private static String balanced(BrokerTester tester) {
        return tester.database().query("""
                select (select sum(spent) from budget_balance)
                    + (select coalesce(sum(settled), 0) from budget_grant where state = 'orphan')
                    = (select coalesce(sum(cost_nano), 0) from usage_entry)""");
    }

    private static double metric(Broker broker, String name) {
        return Metrics.read(broker.adminPort(), name);
    }

    private static long millis(long nanos) {
        return nanos / 1_000_000;
    }
}
