package dev.parley.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/**
 * Connections that drop in the middle of an answer, and clients that come back, half of them through another node than their
 * session's: {@code -Dresume.drops=1000 -Dresume.seed=…} for the long run.
 */
class ResumeDropsIT {
    private static final int DROPS = Integer.getInteger("resume.drops", 200);
    private static final int DROPS_PER_SESSION = 10;
    private static final int CLIENTS = 8;
    private static final long SEED = Long.getLong("resume.seed", System.nanoTime());

    private final AtomicInteger sessionsBegun = new AtomicInteger();
    private final AtomicInteger dropped = new AtomicInteger();
    private final AtomicInteger halfOpen = new AtomicInteger();
    private final AtomicInteger whileSpeaking = new AtomicInteger();
    private final AtomicInteger onTheOtherNode = new AtomicInteger();
    private final AtomicInteger events = new AtomicInteger();

    @Test
    void noEventIsLostOrDoubledHoweverOftenTheConnectionDrops() throws Exception {
        long begun = System.nanoTime();
        try (TwoNodes nodes = new TwoNodes();
                ExecutorService clients = Executors.newFixedThreadPool(CLIENTS)) {
            List<Future<?>> done = new ArrayList<>();
            for (int session = 0; session < DROPS / DROPS_PER_SESSION; session++) {
                done.add(clients.submit(() -> {
                    talk(nodes, sessionsBegun.getAndIncrement());
                    return null;
                }));
            }
            for (Future<?> one : done) {
                one.get();
            }
            nodes.assertNothingLeft();
        }
        System.out.printf(
                "%d drops in mid-response (%d while the provider still spoke, %d half open), %d of them resumed on another"
                        + " node than the session's; %d sessions, %d events, each client's sequence equal to the provider's"
                        + " record; seed %d, %d ms%n",
                dropped.get(),
                whileSpeaking.get(),
                halfOpen.get(),
                onTheOtherNode.get(),
                sessionsBegun.get(),
                events.get(),
                SEED,
                (System.nanoTime() - begun) / 1_000_000);
        assertThat(dropped).hasValue(DROPS);
        assertThat(onTheOtherNode).hasValue(DROPS / 2);
    }

    private void talk(TwoNodes nodes, int number) throws Exception {
        SplittableRandom random = new SplittableRandom(SEED + number);
        URI home = number % 2 == 0 ? nodes.first() : nodes.second();
        URI other = number % 2 == 0 ? nodes.second() : nodes.first();
        try (DroppingClient client = nodes.client(home, "subject-" + number)) {
            for (int n = 0; n < DROPS_PER_SESSION; n++) {
                int before = client.ids().size();
                boolean silently = random.nextInt(4) == 0;
                client.dropAfter(before + 1 + random.nextInt(TwoNodes.DELTAS), silently);
                client.send("{\"type\":\"response.create\"}");
                client.awaitDropped();
                count(nodes, client, silently);
                assertThat(client.count("response.done"))
                        .as("it was in mid-response")
                        .isEqualTo(n);
                client.resume(n % 2 == 0 ? other : home);
                onTheOtherNode.addAndGet(n % 2 == 0 ? 1 : 0);
                client.await("response.done", n + 1);
            }
            assertThat(client.events()).isEqualTo(nodes.upstream.sent(client.session()));
            events.addAndGet(client.events().size());
        }
    }

    private void count(TwoNodes nodes, DroppingClient client, boolean silently) {
        halfOpen.addAndGet(silently ? 1 : 0);
        whileSpeaking.addAndGet(nodes.upstream.isSpeaking(client.session()) ? 1 : 0);
        dropped.incrementAndGet();
    }
}
