package dev.parley.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.relay.Gate.Verdict;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Random messages in random fragments and random writes, judged at random: what goes in comes out, in order, on both relays. */
@Timeout(120)
class RelayFuzzTest {
    private static final int ROUNDS = 4;
    private static final int MESSAGES = 120;
    private static final List<Verdict> VERDICTS = List.of(Verdict.COLLECT, Verdict.PASS, Verdict.SHOW);

    @ParameterizedTest
    @EnumSource
    void bytesAndOrderSurviveAnyFragmentation(RelayContractTest.Relay relay) throws Exception {
        long seed = Long.getLong("relay.seed", System.nanoTime());
        System.out.println("relay.seed=" + seed);
        for (int round = 0; round < ROUNDS; round++) {
            Random random = new Random(seed + round);
            try (Rig rig = new Rig(relay.legs(), roomy(RelayLimits.client()), roomy(RelayLimits.upstream()))) {
                judgeAtRandom(rig.fromClient, new Random(random.nextLong()));
                judgeAtRandom(rig.fromUpstream, new Random(random.nextLong()));
                List<byte[]> up = messages(random);
                List<byte[]> down = messages(random);
                CompletableFuture<Seen> above = seen(rig.upstream);
                CompletableFuture<Seen> below = seen(rig.client);
                CompletableFuture<Integer> pingsUp = sent(rig.client, up, new Random(random.nextLong()));
                CompletableFuture<Integer> pingsDown = sent(rig.upstream, down, new Random(random.nextLong()));
                assertThat(Rig.await(above).messages)
                        .as("up, seed %d", seed + round)
                        .containsExactlyElementsOf(up);
                assertThat(Rig.await(below).messages)
                        .as("down, seed %d", seed + round)
                        .containsExactlyElementsOf(down);
                assertThat(Rig.await(below).pongs).as("pongs").isEqualTo(Rig.await(pingsUp));
                assertThat(Rig.await(above).pongs).as("pongs").isEqualTo(Rig.await(pingsDown));
            }
        }
    }

    /** What one end received, up to the last message and the pong behind it. */
    private static final class Seen {
        private final List<byte[]> messages = new ArrayList<>();
        private int pongs;
    }

    private static void judgeAtRandom(ScriptedGate gate, Random random) {
        gate.judging(head -> VERDICTS.get(random.nextInt(VERDICTS.size())));
        gate.delivering((head, utf8) -> {
            if (random.nextInt(3) > 0) {
                return Delivery.asIs();
            }
            Promise<Delivery> decision = Promise.promise();
            Vertx.currentContext().owner().setTimer(1 + random.nextInt(10), late -> decision.complete(Delivery.asIs()));
            return Delivery.later(decision.future());
        });
    }

    private static List<byte[]> messages(Random random) {
        List<byte[]> all = new ArrayList<>();
        for (int i = 0; i < MESSAGES; i++) {
            int size = random.nextInt(10) == 0 ? random.nextInt(600_000) : random.nextInt(3000);
            StringBuilder text = new StringBuilder("{\"n\":" + i + ",\"x\":\"");
            while (text.length() < size) {
                switch (random.nextInt(4)) {
                    case 0 -> text.append("\\\"type\\\\");
                    case 1 -> text.append("é€𝄞");
                    default -> text.append("plain text that goes on for a while ");
                }
            }
            all.add(text.append("\",\"type\":\"t")
                    .append(i)
                    .append("\"}")
                    .toString()
                    .getBytes(StandardCharsets.UTF_8));
        }
        return all;
    }

    /** Sends them fragmented, with pings in between, in writes of any size; gives the number of pings. */
    private static CompletableFuture<Integer> sent(Wire wire, List<byte[]> messages, Random random) {
        return Rig.async(() -> {
            ByteArrayOutputStream wireBytes = new ByteArrayOutputStream();
            int pings = 0;
            for (byte[] message : messages) {
                pings += fragmented(wire, message, random, wireBytes);
            }
            wireBytes.writeBytes(wire.encoded(0x89, (byte) 'e', (byte) 'n', (byte) 'd'));
            byte[] all = wireBytes.toByteArray();
            for (int at = 0; at < all.length; ) {
                int length = Math.min(all.length - at, 1 + random.nextInt(random.nextBoolean() ? 40 : 200_000));
                wire.raw(Arrays.copyOfRange(all, at, at + length));
                at += length;
            }
            return pings;
        });
    }

    private static int fragmented(Wire wire, byte[] message, Random random, ByteArrayOutputStream out) {
        int pings = 0;
        int at = 0;
        int opcode = 1;
        while (opcode == 1 || random.nextInt(4) > 0) {
            int length = random.nextBoolean() ? 0 : random.nextInt(message.length - at + 1);
            out.writeBytes(wire.encoded(opcode, Arrays.copyOfRange(message, at, at + length)));
            if (random.nextInt(8) == 0) {
                out.writeBytes(wire.encoded(0x89, (byte) pings++));
            }
            at += length;
            opcode = 0;
        }
        out.writeBytes(wire.encoded(0x80, Arrays.copyOfRange(message, at, message.length)));
        return pings;
    }

    private static CompletableFuture<Seen> seen(Wire wire) {
        return Rig.async(() -> {
            Seen seen = new Seen();
            ByteArrayOutputStream message = new ByteArrayOutputStream();
            boolean last = false;
            while (seen.messages.size() < MESSAGES || !last) {
                Wire.Frame frame = wire.read();
                if (frame.opcode() == 10) {
                    last = frame.text().equals("end");
                    seen.pongs += last ? 0 : 1;
                } else if (frame.opcode() < 3) {
                    message.writeBytes(frame.payload());
                    if (frame.fin()) {
                        seen.messages.add(message.toByteArray());
                        message.reset();
                    }
                }
            }
            return seen;
        });
    }

    private static RelayLimits roomy(RelayLimits limits) {
        return new RelayLimits(
                limits.frameBytesMax(),
                limits.messageBytesMax(),
                1 << 20,
                Integer.MAX_VALUE,
                limits.queueBytesMax(),
                Duration.ofSeconds(30),
                256 << 10,
                limits.pingInterval(),
                limits.silenceMax(),
                limits.messageTimeout(),
                limits.closeTimeout());
    }
}
