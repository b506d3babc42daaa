package dev.parley.invariants;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.gateway.BrokerRig;
import dev.parley.gateway.WireClient;
import dev.parley.relay.RelayLimits;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/**
 * Invariant 6: slow and hostile clients are ended with a reason, hold no more memory than is stated, and take nothing from
 * the others. What the others get is compared in counts, not in time.
 */
class HostileClientsIT {
    private static final int ATTACKERS = 3;
    private static final int TURNS = 25;
    private static final int QUEUE_BYTES_MAX = 1 << 20;

    private final AtomicLong heldMost = new AtomicLong();

    @Test
    void takeNothingFromTheOthers() throws Exception {
        try (BrokerRig rig = new BrokerRig(limits()).tenant("good").tenant("bad")) {
            AtomicBoolean done = new AtomicBoolean();
            Thread watcher = Thread.ofVirtual().start(() -> watch(rig, done));
            List<WireClient> attackers = attack(rig);
            try (WireClient good = rig.text("good")) {
                for (int turn = 0; turn < TURNS; turn++) {
                    good.say("turn " + turn).send("{\"type\":\"response.create\"}");
                    assertThat(good.await("response.done")
                                    .path("response")
                                    .path("status")
                                    .asText())
                            .isEqualTo("completed");
                }
            }
            BrokerRig.eventually("every attacker is ended", () -> rig.registry().size() == 0);
            attackers.forEach(WireClient::close);
            done.set(true);
            watcher.join();
            rig.assertQuiet("good", "bad");

            long bound = 2L * ATTACKERS * limits().messageBytesMax();
            assertThat(heldMost.get()).isLessThanOrEqualTo(bound);
            assertThat(rig.legs().heldBytes()).isZero();
            BrokerRig.eventually(
                    "every reason is on record",
                    () -> reasons(rig).containsAll(List.of("binary_message", "client_limit", "client_slow")));
            List<String> reasons = reasons(rig);
            System.out.println("invariant 6: " + attackers.size() + " hostile clients ended " + reasons + ", " + TURNS
                    + " of " + TURNS + " turns of the other tenant completed, at most " + heldMost.get()
                    + " bytes held at once of " + bound + " stated, 0 at the end");
        }
    }

    private static List<String> reasons(BrokerRig rig) {
        return List.of(rig.database()
                .query(
                        "select coalesce(string_agg(distinct code, ',' order by code), '') from session_error where tenant_id = 'bad'")
                .split(","));
    }

    private static List<WireClient> attack(BrokerRig rig) throws Exception {
        List<WireClient> attackers = new ArrayList<>();
        for (int i = 0; i < ATTACKERS; i++) {
            rig.scriptNext("{\"outputTokens\":4000,\"audioDeltaBytes\":75000}");
            WireClient slow = rig.connect("bad");
            slow.await("session.created");
            slow.say("hello").send("{\"type\":\"response.create\"}");
            slow.await("response.created");
            slow.socket().pause();
            attackers.add(slow);

            WireClient huge = rig.text("bad");
            huge.send("{\"type\":\"x\",\"y\":\"" + "A".repeat(limits().messageBytesMax() + 1) + "\"}");
            attackers.add(huge);

            WireClient binary = rig.text("bad");
            binary.socket().writeBinaryMessage(Buffer.buffer(new byte[10_000]));
            attackers.add(binary);

            WireClient flood = rig.text("bad");
            for (int n = 0; n < 5_000; n++) {
                flood.send("{\"type\":\"nonsense\",\"n\":" + n + "}");
            }
            attackers.add(flood);
        }
        return attackers;
    }

    private void watch(BrokerRig rig, AtomicBoolean done) {
        while (!done.get()) {
            heldMost.accumulateAndGet(rig.legs().heldBytes(), Math::max);
            java.util.concurrent.locks.LockSupport.parkNanos(1_000_000);
        }
    }

    private static RelayLimits limits() {
        RelayLimits standard = RelayLimits.client();
        return new RelayLimits(
                4 << 20,
                4 << 20,
                standard.fragmentsMax(),
                standard.messagesPerSecondMax(),
                QUEUE_BYTES_MAX,
                Duration.ofSeconds(2),
                standard.heldBytesMax(),
                standard.pingInterval(),
                standard.silenceMax(),
                standard.messageTimeout(),
                standard.closeTimeout());
    }
}
