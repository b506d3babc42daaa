package dev.parley.invariants;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.gateway.BrokerRig;
import dev.parley.gateway.WireClient;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.Test;

/** Invariant 4: no byte of one tenant ever reaches another, whatever both do at the same time. */
class TenantsNeverCrossIT {
    private static final long SEED = 4_711;
    private static final List<String> TENANTS = List.of("red", "blue");
    private static final int CLIENTS_EACH = 6;
    private static final int SESSIONS_EACH = 4;

    private final LongAdder messages = new LongAdder();
    private final LongAdder own = new LongAdder();

    @Test
    void noCanaryCrosses() throws Exception {
        try (BrokerRig rig = new BrokerRig();
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            TENANTS.forEach(rig::tenant);
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < CLIENTS_EACH * TENANTS.size(); i++) {
                String tenant = TENANTS.get(i % TENANTS.size());
                SplittableRandom random = new SplittableRandom(SEED + i);
                running.add(threads.submit(() -> {
                    for (int session = 0; session < SESSIONS_EACH; session++) {
                        converse(rig, tenant, random);
                    }
                    return null;
                }));
            }
            for (Future<?> one : running) {
                one.get();
            }
            rig.assertQuiet("red", "blue");
            assertThat(own.sum())
                    .as("canaries that came back to their own tenant")
                    .isPositive();
            String strangers = rig.database()
                    .query("select count(*) from (select session_id from usage_entry group by session_id"
                            + " having count(distinct tenant_id) > 1) as shared");
            assertThat(strangers).isEqualTo("0");
            System.out.println("invariant 4: 0 of " + messages.sum() + " messages crossed; " + own.sum()
                    + " canaries came back to their own tenant; seed " + SEED);
        }
    }

    private void converse(BrokerRig rig, String tenant, SplittableRandom random) throws Exception {
        String mine = canary(tenant);
        Set<String> others = Set.of(canary(tenant.equals("red") ? "blue" : "red"));
        try (WireClient client = rig.text(tenant)) {
            for (int turn = 0; turn < 1 + random.nextInt(3); turn++) {
                client.say(mine + " says " + random.nextInt());
                client.send("{\"type\":\"response.create\",\"response\":{\"metadata\":{\"who\":\"" + mine + "\"}}}");
                if (random.nextInt(5) == 0) {
                    client.send("{\"type\":\"nonsense." + mine + "\",\"event_id\":\"" + mine + "\"}");
                }
                if (random.nextInt(4) == 0) {
                    break;
                }
                client.await("response.done");
            }
            client.heard().forEach(event -> {
                String text = event.toString();
                messages.increment();
                assertThat(others).noneMatch(text::contains);
                if (text.contains(mine)) {
                    own.increment();
                }
            });
        }
    }

    private static String canary(String tenant) {
        return "canary-" + tenant + "-7f3a";
    }
}
