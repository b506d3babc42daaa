package dev.parley.invariants;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.cluster.Membership;
import dev.parley.cluster.NodeStore;
import dev.parley.concurrent.Eventually;
import dev.parley.concurrent.Ticker;
import dev.parley.domain.ModelName;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.SessionId;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import dev.parley.domain.TokenUsage;
import dev.parley.ledger.EntryId;
import dev.parley.ledger.Ledger;
import dev.parley.ledger.LedgerWriter;
import dev.parley.ledger.UsageEntry;
import dev.parley.quota.Admission.SessionDecision;
import dev.parley.quota.GrantKeeper;
import dev.parley.quota.GrantedAdmission;
import dev.parley.quota.Reservation;
import dev.parley.quota.SessionPermit;
import dev.parley.quota.SessionPermit.ReserveDecision;
import dev.parley.quota.SessionPermit.WorstCase;
import dev.parley.quota.SessionRequest;
import dev.parley.quota.TenantLimits;
import dev.parley.store.JdbcGrants;
import dev.parley.store.JdbcLedgerStore;
import dev.parley.store.JdbcNodes;
import dev.parley.store.TestDatabase;
import dev.parley.tenancy.BudgetPeriod;
import dev.parley.tenancy.Tenant;
import dev.parley.tenancy.TenantStatus;
import dev.parley.tenancy.TestTenants;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Invariant 1: with hard budgets, {@code spent <= limit} under concurrency, on several nodes, through the death of one. Three
 * nodes, each with its own event loops, heartbeat, grants and ledger writer, on one Postgres.
 */
class SpentStaysWithinTheLimitIT {
    private static final int NODES = 3;
    private static final int ATTEMPTS = 1_000;
    private static final NanoUsd LIMIT = NanoUsd.ofUsd("5.00");
    private static final NanoUsd COST = NanoUsd.ofUsd("0.10");
    private static final Duration GIVE_UP = Duration.ofSeconds(15);
    /** When a node dies some money is burned, and the rest of the attempts are refused for good. */
    private static final Duration GIVE_UP_SOON = Duration.ofSeconds(5);

    private final TestDatabase database = TestDatabase.create();
    private final List<Node> nodes = new ArrayList<>();
    private final AtomicInteger responses = new AtomicInteger();
    private final AtomicInteger settled = new AtomicInteger();

    @AfterEach
    void close() {
        nodes.forEach(Node::close);
        database.close();
    }

    @Test
    void threeNodesAdmitExactlyFiftyResponses() {
        start();

        attempt("exact", Integer.MAX_VALUE, GIVE_UP);

        System.out.printf(
                "%d attempts on %d nodes, hard budget %s, %s each: %d admitted, spent %s, %d rounds with the database"
                        + " (%.3f for each attempt)%n",
                ATTEMPTS, NODES, LIMIT, COST, settled.get(), spent("exact"), rounds(), rounds() / (double) ATTEMPTS);
        assertThat(settled.get()).isEqualTo(50);
        assertThat(spent("exact")).isEqualTo(LIMIT);
        assertThat(rounds() / (double) ATTEMPTS).isLessThan(0.1);
        assertThat(balanced("exact")).isEqualTo("t");
    }

    @Test
    void aNodeThatDiesInTheMiddleOverspendsNothing() {
        start();

        attempt("killed", 10, GIVE_UP_SOON);

        long burned = number("select sum(granted - settled) from budget_grant where state = 'orphan'");
        System.out.printf(
                "the same with one node dead in the middle: %d admitted and settled, spent %s, burned %s%n",
                settled.get(), spent("killed"), new NanoUsd(burned));
        assertThat(burned).as("what ran on the dead node stays burned").isPositive();
        assertThat(spent("killed").compareTo(LIMIT)).isNotPositive();
        assertThat(settled.get()).isPositive();
        assertThat(number("select max(spent + granted) from budget_balance")).isLessThanOrEqualTo(LIMIT.value());
        assertThat(balanced("killed")).isEqualTo("t");
    }

    @Test
    void aLargeBudgetIsSpentWithHardlyAnyRounds() {
        start();
        Tenant tenant = tenant("steady", NanoUsd.ofUsd("100000"));
        Node node = nodes.getFirst();
        SessionPermit permit = node.open(tenant);
        int number = 3_000;

        for (int i = 0; i < number; i++) {
            node.respond(tenant, permit, "r" + i);
        }

        Eventually.holds("all are settled", () -> settled.get() == number);
        System.out.printf(
                "%d responses one after another, large budget: %.4f rounds with the database for each%n",
                number, rounds() / (double) number);
        assertThat(rounds() / (double) number).isLessThan(0.1);
        assertThat(spent("steady")).isEqualTo(COST.times(number));
    }

    private void start() {
        for (int i = 0; i < NODES; i++) {
            nodes.add(new Node("node-" + i));
        }
    }

    /** Every other attempt is one that voice activity may start: its money is set aside before anybody speaks. */
    private void attempt(String name, int killAfter, Duration giveUp) {
        Tenant tenant = tenant(name, LIMIT);
        Random random = new Random(20_261_121);
        List<Future<Void>> attempts = new ArrayList<>();
        for (int i = 0; i < ATTEMPTS; i++) {
            Node node = nodes.get(i % NODES);
            attempts.add(node.attempt(tenant, "resp_" + i, random.nextBoolean(), giveUp));
        }
        if (killAfter < ATTEMPTS) {
            Eventually.holds("some have settled", () -> settled.get() >= killAfter);
            Node holder = nodes.stream()
                    .max(Comparator.comparingLong(node -> node.keeper.heldMoney()))
                    .orElseThrow();
            holder.kill();
        }
        for (int i = 0; i < ATTEMPTS; i++) {
            if (!nodes.get(i % NODES).dead) {
                Eventually.result(attempts.get(i));
            }
        }
    }

    private long rounds() {
        return nodes.stream().mapToLong(node -> node.keeper.exchanges()).sum();
    }

    private NanoUsd spent(String tenant) {
        return new NanoUsd(
                number("select coalesce(sum(cost_nano), 0) from usage_entry where tenant_id = '" + tenant + "'"));
    }

    private long number(String sql) {
        String value = database.query(sql);
        return value.equals("null") ? 0 : Long.parseLong(value);
    }

    /** The ledger's own sum by budget window equals what the balance and its grants say. */
    private String balanced(String tenant) {
        return database.query("""
                select bool_and(b.spent + coalesce((select sum(settled) from budget_grant
                                                    where balance_id = b.id and state <> 'closed'), 0)
                    = b.opening + coalesce((select sum(cost_nano) from usage_entry where charged @> array[b.id]), 0))
                from budget_balance as b where tenant_id = '%s'
                """.formatted(tenant));
    }

    private static Tenant tenant(String name, NanoUsd limit) {
        return TestTenants.of(
                new TenantId(name),
                name,
                TenantStatus.ACTIVE,
                Set.of(),
                10_000,
                limit,
                BudgetPeriod.TOTAL,
                4096,
                Duration.ofMinutes(55),
                false,
                Instant.EPOCH);
    }

    /** What a broker process has of these parts. */
    private final class Node implements AutoCloseable {
        private final Vertx vertx = Vertx.vertx();
        private final Membership membership;
        private final LedgerWriter writer;
        private final GrantKeeper keeper;
        private final GrantedAdmission admission;
        private volatile boolean dead;

        Node(String name) {
            membership = Membership.register(
                    new JdbcNodes(database.database()),
                    new NodeStore.Description(name, "127.0.0.1:0", "test"),
                    Ticker.SYSTEM,
                    _ -> {});
            membership.start();
            writer = new LedgerWriter(vertx, new JdbcLedgerStore(database.database()), 10_000, Ticker.SYSTEM);
            keeper = new GrantKeeper(new JdbcGrants(database.database()), membership, Ticker.SYSTEM);
            keeper.start();
            admission =
                    new GrantedAdmission(vertx, new TenantLimits(), keeper, membership, writer::healthy, Ticker.SYSTEM);
        }

        SessionPermit open(Tenant tenant) {
            SessionDecision decision = Eventually.result(admission.openSession(
                    new SessionRequest(SessionId.random(), tenant, new SubjectId("alice"), null)));
            return ((SessionDecision.Admitted) decision).permit();
        }

        void respond(Tenant tenant, SessionPermit permit, String reference) {
            ReserveDecision decision = Eventually.result(permit.reserve(WorstCase.ofFixed(COST, 0)));
            settle(tenant, ((ReserveDecision.Reserved) decision).reservation(), reference, Promise.promise());
        }

        /** Ends when the response is recorded, or when the ledger says that the budget is spent. */
        Future<Void> attempt(Tenant tenant, String reference, boolean byVoice, Duration patience) {
            Promise<Void> done = Promise.promise();
            Context context = vertx.getOrCreateContext();
            long giveUp = System.nanoTime() + patience.toNanos();
            context.runOnContext(_ -> admission
                    .openSession(new SessionRequest(SessionId.random(), tenant, new SubjectId(reference), null))
                    .onComplete(opened -> {
                        if (opened.result() instanceof SessionDecision.Admitted(SessionPermit permit)) {
                            reserve(tenant, permit, reference, byVoice, giveUp, done);
                        } else {
                            done.tryComplete();
                        }
                    }));
            return done.future();
        }

        private void reserve(
                Tenant tenant,
                SessionPermit permit,
                String reference,
                boolean byVoice,
                long giveUp,
                Promise<Void> done) {
            permit.reserve(WorstCase.ofFixed(COST, 0)).onComplete(decided -> {
                if (dead) {
                    return;
                }
                if (decided.result() instanceof ReserveDecision.Reserved(Reservation reservation, int _)) {
                    if (byVoice) {
                        reservation.idle(() -> {}); // somebody speaks before it would be yielded
                    }
                    vertx.setTimer(1 + responses.incrementAndGet() * 37 % 200, _ -> {
                        reservation.busy();
                        settle(tenant, reservation, reference, done);
                    });
                } else if (System.nanoTime() > giveUp || settled.get() >= 50) {
                    done.tryComplete();
                } else {
                    vertx.setTimer(300, _ -> reserve(tenant, permit, reference, byVoice, giveUp, done));
                }
            });
        }

        private void settle(Tenant tenant, Reservation reservation, String reference, Promise<Void> done) {
            if (dead) {
                return;
            }
            Ledger.Place place = writer.claim().orElseThrow();
            Reservation.Settled charged = reservation.settle(COST, 0);
            place.commit(entry(tenant, reservation, charged, reference)).onComplete(_ -> {
                charged.recorded();
                settled.incrementAndGet();
                done.tryComplete();
            });
        }

        private UsageEntry entry(
                Tenant tenant, Reservation reservation, Reservation.Settled charged, String reference) {
            ModelName model = new ModelName("gpt-realtime");
            return new UsageEntry(
                    EntryId.of("sess_" + tenant.id(), UsageEntry.Work.RESPONSE, reference),
                    tenant.id(),
                    new SubjectId("alice"),
                    new SessionId("psn_1"),
                    "sess_" + tenant.id(),
                    reference,
                    UsageEntry.Work.RESPONSE,
                    UsageEntry.Kind.USAGE,
                    reservation.period(),
                    membership.name(),
                    "default",
                    model,
                    model,
                    null,
                    "completed",
                    TokenUsage.NONE,
                    0,
                    1,
                    COST,
                    reservation.reservedAt(),
                    reservation.reservedAt(),
                    charged.charges());
        }

        /** As kill -9 does it, seen from the database: from one moment on nothing more is heard of the node. */
        void kill() {
            dead = true;
            writer.close();
            database.execute("select end_node(" + membership.epoch() + ", 'late')");
        }

        @Override
        public void close() {
            writer.close();
            keeper.close();
            membership.close();
            Eventually.result(vertx.close());
        }
    }
}
