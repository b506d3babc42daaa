package dev.parley.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.concurrent.Eventually;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.TenantId;
import dev.parley.simulator.Script;
import dev.parley.simulator.Simulator;
import dev.parley.simulator.SimulatorOptions;
import dev.parley.store.JdbcTenants;
import dev.parley.store.TestDatabase;
import dev.parley.tenancy.BudgetPeriod;
import dev.parley.tenancy.TenantStatus;
import dev.parley.tenancy.TestTenants;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Invariant 1 of the design over real sockets: three broker processes on one Postgres, and a hard budget of $5.00 for responses
 * that cost $0.10 each. {@code -Dbudget.attempts=1000} for the long run.
 */
class BudgetOverNodesIT {
    private static final int NODES = 3;
    private static final int ATTEMPTS = Integer.getInteger("budget.attempts", 300);
    private static final int NEWCOMERS = 30;
    private static final TenantId TENANT = new TenantId("fifty");
    private static final NanoUsd LIMIT = NanoUsd.ofUsd("5.00");
    private static final NanoUsd COST = NanoUsd.ofUsd("0.10");
    private static final String MODEL = "gpt-realtime-1.5";
    private static final Duration CALM = Duration.ofMinutes(1);

    @TempDir
    Path folder;

    private final Vertx vertx = Vertx.vertx();
    private final TestDatabase database = TestDatabase.create();
    private final List<BrokerProcess> nodes = new ArrayList<>();
    private Simulator simulator;
    private Crowd crowd;

    @BeforeEach
    void start() throws Exception {
        priceOfOneToken();
        simulator = Eventually.result(Simulator.start(vertx, SimulatorOptions.DEFAULT.withSpeed(100)));
        for (int tenth = 0; tenth < 10; tenth++) {
            simulator.scripts().next(ATTEMPTS / 10, oneToken(100 + 100 * tenth));
        }
        simulator.scripts().always(oneToken(100));
        new JdbcTenants(database.database())
                .create(TestTenants.of(
                        TENANT,
                        "Fifty",
                        TenantStatus.ACTIVE,
                        Set.of(),
                        10_000,
                        LIMIT,
                        BudgetPeriod.TOTAL,
                        4_096,
                        Duration.ofHours(1),
                        false,
                        Instant.EPOCH));
        Path key = folder.resolve("master.key");
        Files.writeString(key, Base64.getEncoder().encodeToString(new byte[32]));
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
        for (int number = 0; number < NODES; number++) {
            nodes.add(node(number));
        }
        String token = nodes.getFirst().command("token", "--tenant", TENANT.value(), "--subject", "kim", "--ttl", "1h");
        crowd = new Crowd(
                vertx, token, nodes.stream().map(node -> node.url(MODEL)).toList());
    }

    @AfterEach
    void close() {
        if (crowd != null) {
            crowd.close();
        }
        nodes.forEach(BrokerProcess::close);
        Eventually.result(vertx.close());
        database.close();
    }

    @Test
    void threeNodesAdmitExactlyFiftyOfAllAttempts() {
        gather();
        double before = rounds();
        crowd.ask();

        Eventually.holds(
                () ->
                        "all are answered or refused; %d answered, %d asks, spent %s, reserved %d, held %d; waiting: %s; %s"
                                .formatted(
                                        crowd.answered(),
                                        crowd.asks(),
                                        spent(),
                                        reserved(),
                                        granted(),
                                        crowd.waiting(),
                                        crowd.surprises()),
                CALM,
                () -> crowd.ended() == ATTEMPTS);
        awaitAllGone();
        Audit audit = audit();
        System.out.printf(
                "%d clients on %d nodes, hard budget %s, %s each: %d answered (%d by speech), %d asks, spent %s, reserved"
                        + " %d, held %d; rounds with the database: %.0f until all had a session, %.0f after (%.3f for each"
                        + " client, %.3f for each ask); %s%n",
                ATTEMPTS,
                NODES,
                LIMIT,
                COST,
                crowd.answered(),
                crowd.answeredSpeakers(),
                crowd.asks(),
                spent(),
                reserved(),
                granted(),
                before,
                rounds() - before,
                (rounds() - before) / ATTEMPTS,
                (rounds() - before) / crowd.asks(),
                audit);
        assertThat(crowd.surprises()).isEmpty();
        assertThat(crowd.lost()).isZero();
        assertThat(crowd.answered()).isEqualTo(50);
        assertThat(crowd.answeredSpeakers()).isBetween(1, 49);
        assertThat(spent()).isEqualTo(LIMIT);
        assertThat(audit.completedWithoutRow()).isEmpty();
        check(audit);
    }

    @Test
    void aKilledNodeOverspendsNothing() throws Exception {
        gather();
        crowd.ask();
        Eventually.holds("some are answered", CALM, () -> crowd.answered() >= 10);
        BrokerProcess dead = nodes.get(busiest());
        int answeredBefore = crowd.answered();
        dead.kill();
        Eventually.holds(
                "the dead node is reaped",
                CALM,
                () -> number("select count(*) from node where end_reason = 'late'") == 1);
        dead.startAgain();
        crowd.connect(NEWCOMERS);
        Eventually.holds("less is left than a response costs", CALM, () -> left() < COST.value());
        int asks = crowd.asks();
        Eventually.holds(
                "all have asked once more",
                CALM,
                () -> crowd.ended() == ATTEMPTS + NEWCOMERS || crowd.asks() > asks + ATTEMPTS + NEWCOMERS);
        crowd.leave();
        awaitAllGone();

        Audit audit = audit();
        System.out.printf(
                "the same with a node killed after %d of %d answers: spent %s, burned %s, billed by the provider %s,"
                        + " connections lost %d, asks %d; %s%n",
                answeredBefore,
                crowd.answered(),
                spent(),
                new NanoUsd(burned()),
                billed(),
                crowd.lost(),
                crowd.asks(),
                audit);
        assertThat(spent()).isLessThanOrEqualTo(LIMIT);
        assertThat(billed()).isLessThanOrEqualTo(LIMIT);
        assertThat(spent().plus(new NanoUsd(burned()))).isLessThanOrEqualTo(LIMIT);
        check(audit);
    }

    private void gather() {
        crowd.connect(ATTEMPTS);
        Eventually.holds("all have their session", CALM, () -> crowd.ready() == ATTEMPTS);
    }

    private void awaitAllGone() {
        Eventually.holds("all have gone", CALM, () -> number("select count(*) from live_session") == 0);
        Eventually.holds("nothing is reserved or held", CALM, () -> reserved() == 0 && granted() == burnedGrants());
    }

    private void check(Audit audit) {
        assertThat(audit.seenWithoutRow()).isEmpty();
        assertThat(audit.doubled()).isEmpty();
        assertThat(audit.unbooked()).isEmpty();
        assertThat(audit.wrongCost()).isEmpty();
        assertThat(audit.ledgerCost()).isEqualTo(audit.bookedCost()).isEqualTo(spent());
    }

    private Audit audit() {
        return Audit.of(database.database(), simulator.books(), crowd.seen().keySet());
    }

    private double rounds() {
        return nodes.stream()
                .mapToDouble(node -> node.metric("parley_grants_rounds"))
                .sum();
    }

    private NanoUsd spent() {
        return new NanoUsd(number("select coalesce(sum(cost_nano), 0) from usage_entry"));
    }

    private long reserved() {
        return number("select coalesce(sum(reserved), 0) from budget_grant where state = 'open'");
    }

    private long granted() {
        return number("select coalesce(sum(granted), 0) from budget_balance");
    }

    /** The node that has the most in its hands. */
    private int busiest() {
        String name = database.query("""
                select node.name from node left join budget_grant as g on g.epoch = node.epoch and g.state = 'open'
                order by coalesce(g.granted - g.settled, 0) desc limit 1""");
        return Integer.parseInt(name.substring("node-".length()));
    }

    /** What the dead nodes' grants hold, spent or not. */
    private long burnedGrants() {
        return number("select coalesce(sum(granted), 0) from budget_grant where state = 'orphan'");
    }

    /** What the dead nodes may have spent without a row in the ledger. */
    private long burned() {
        return number("select coalesce(sum(granted - settled), 0) from budget_grant where state = 'orphan'");
    }

    private long left() {
        return LIMIT.value() - spent().value() - burned();
    }

    /** At {@link #COST} a token, the lost ones included. */
    private NanoUsd billed() {
        return COST.times(simulator.books().responses().stream()
                .mapToLong(booking -> booking.usage().output().total())
                .sum());
    }

    private long number(String sql) {
        return Long.parseLong(database.query(sql));
    }

    /** What goes in is cached, and free; the one token that may come out costs all. */
    private void priceOfOneToken() {
        database.execute("""
                update model set context_tokens_max = 0, output_tokens_max = 1 where name = '%1$s';
                insert into price (model, version, valid_from, text_in_nano, text_out_nano)
                values ('%1$s', 2, '2026-01-01 00:00+00', 1, %2$d);
                """.formatted(MODEL, COST.value()));
    }

    private static Script oneToken(int delayMillis) {
        return Script.parse(
                "{\"outputTokens\":1,\"cachedTokens\":1000000,\"generationDelayMillis\":" + delayMillis + "}");
    }

    private BrokerProcess node(int number) throws IOException {
        Path own = Files.createDirectory(folder.resolve("node-" + number));
        Map<String, String> settings = new HashMap<>();
        settings.put("PARLEY_NODE_NAME", "node-" + number);
        settings.put("PARLEY_DATABASE_URL", database.url());
        settings.put("PARLEY_UPSTREAM_URL", simulator.url().toString());
        settings.put("PARLEY_UPSTREAM_API_KEY", "sk-chaos");
        settings.put("PARLEY_POOL_ACQUIRE_TIMEOUT", "30s"); // all come at once, and all get their session
        settings.put("PARLEY_AUTH_KEY_FILE", folder.resolve("master.key").toString());
        return new BrokerProcess(own, settings);
    }
}
