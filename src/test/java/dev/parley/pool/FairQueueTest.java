package dev.parley.pool;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.domain.TenantId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class FairQueueTest {
    private static final TenantId ACME = new TenantId("acme");
    private static final TenantId GLOBEX = new TenantId("globex");

    @Test
    void tenantsTakeTurns() {
        FairQueue<String> queue = new FairQueue<>(1);
        for (int i = 1; i <= 3; i++) {
            queue.add(ACME, "a" + i, 1);
        }
        queue.add(GLOBEX, "g1", 1);
        queue.add(GLOBEX, "g2", 1);

        assertThat(all(queue, FairQueueTest::anyone)).containsExactly("a1", "g1", "a2", "g2", "a3");
        assertThat(queue.size()).isZero();
    }

    @Test
    void dearEntriesCostTheirTenantRounds() {
        FairQueue<String> queue = new FairQueue<>(2);
        queue.add(ACME, "dear", 6);
        queue.add(ACME, "after", 1);
        for (int i = 1; i <= 5; i++) {
            queue.add(GLOBEX, "g" + i, 2);
        }

        assertThat(all(queue, FairQueueTest::anyone)).containsExactly("g1", "g2", "dear", "g3", "after", "g4", "g5");
    }

    @Test
    void whoMayTakeNothingIsPassedOver() {
        FairQueue<String> queue = new FairQueue<>(1);
        queue.add(ACME, "a1", 1);
        queue.add(GLOBEX, "g1", 1);

        assertThat(all(queue, GLOBEX::equals)).containsExactly("g1");
        assertThat(queue.size(ACME)).isEqualTo(1);
        assertThat(queue.sizeWithin(tenant -> tenant.equals(ACME) ? 0 : 9)).isZero();
    }

    @Test
    void dropsFromTheFrontOfEachLine() {
        FairQueue<Integer> queue = new FairQueue<>(1);
        List.of(1, 2, 9, 3).forEach(entry -> queue.add(ACME, entry, 1));
        queue.add(GLOBEX, 4, 1);
        List<Integer> dropped = new ArrayList<>();
        queue.drop(entry -> entry < 5, dropped::add);

        assertThat(dropped).containsExactlyInAnyOrder(1, 2, 4);
        assertThat(queue.size()).isEqualTo(2);
        assertThat(queue.heads()).containsExactly(9);
    }

    /** The bound of deficit round robin: between two tenants that always wait, costs never differ by more than a round's. */
    @Test
    void noTenantGetsMoreThanAnotherByMoreThanARoundAndAnEntry() {
        SplittableRandom random = new SplittableRandom(20_251_121);
        int quantum = 4;
        int dearest = 10;
        FairQueue<Waiting> queue = new FairQueue<>(quantum);
        List<TenantId> tenants = List.of(ACME, GLOBEX, new TenantId("initech"));
        Map<TenantId, Long> served = new HashMap<>();
        for (int i = 0; i < 30_000; i++) {
            TenantId tenant = tenants.get(i % 3);
            int cost = tenant.equals(ACME) ? 1 : random.nextInt(1, dearest + 1);
            queue.add(tenant, new Waiting(tenant, cost), cost);
        }
        while (tenants.stream().allMatch(tenant -> queue.size(tenant) > 0)) {
            Waiting entry = Objects.requireNonNull(queue.poll(FairQueueTest::anyone));
            served.merge(entry.tenant(), (long) entry.cost(), Long::sum);
            long most =
                    served.values().stream().mapToLong(Long::longValue).max().orElseThrow();
            long least = tenants.stream()
                    .mapToLong(tenant -> served.getOrDefault(tenant, 0L))
                    .min()
                    .orElseThrow();
            assertThat(most - least).isLessThanOrEqualTo(quantum + dearest);
        }
    }

    private record Waiting(TenantId tenant, int cost) {}

    private static boolean anyone(TenantId tenant) {
        return !tenant.value().isEmpty();
    }

    private static List<String> all(FairQueue<String> queue, Predicate<TenantId> may) {
        List<String> taken = new ArrayList<>();
        @Nullable String next = queue.poll(may);
        while (next != null) {
            taken.add(next);
            next = queue.poll(may);
        }
        return taken;
    }
}
