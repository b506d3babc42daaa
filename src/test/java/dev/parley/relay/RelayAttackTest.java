package dev.parley.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.concurrent.Ticker;
import dev.parley.protocol.EventType;
import dev.parley.relay.Gate.Verdict;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What hostile and broken peers send, byte by byte, to the relay of the product. */
@Timeout(60)
class RelayAttackTest {
    private static final String CREATE = "{\"type\":\"response.create\"}";

    @Test
    void refusesReservedBits() throws Exception {
        refuses(1002, 0xC1, utf8("{}"));
        refuses(1002, 0xA1, utf8("{}"));
        refuses(1002, 0x91, utf8("{}"));
    }

    @Test
    void refusesReservedOpcodes() throws Exception {
        refuses(1002, 0x83, utf8("{}"));
        refuses(1002, 0x8B, utf8("{}"));
    }

    @Test
    void refusesFragmentedAndOverlongControlFrames() throws Exception {
        refuses(1002, 0x09);
        refuses(1002, 0x89, new byte[126]);
        refuses(1002, 0x88, (byte) 3);
    }

    @Test
    void refusesCloseCodesThatMayNotBeSent() throws Exception {
        refuses(1002, 0x88, (byte) (1005 >>> 8), (byte) 1005);
        refuses(1002, 0x88, (byte) (2999 >>> 8), (byte) 2999);
        refuses(1007, 0x88, (byte) (1000 >>> 8), (byte) 1000, (byte) 0xFF);
    }

    @Test
    void refusesContinuationOfNothingAndMessagesInsideOthers() throws Exception {
        refuses(1002, 0x80, utf8("{}"));
        try (Rig rig = new Rig(new BytesLegs())) {
            rig.client.frame(0x01, utf8("{\"a\":"));
            rig.client.frame(0x81, utf8("{}"));
            assertThat(rig.client.closing().closeCode()).isEqualTo(1002);
        }
    }

    @Test
    void refusesFramesWithoutAMaskFromAClientAndWithOneFromAServer() throws Exception {
        try (Rig rig = new Rig(new BytesLegs())) {
            rig.client.raw(Wire.encode(0x81, utf8("{}"), false));
            assertThat(rig.client.closing().closeCode()).isEqualTo(1002);
            rig.upstream.raw(Wire.encode(0x81, utf8("{}"), true));
            assertThat(rig.upstream.closing().closeCode()).isEqualTo(1002);
            assertThat(Rig.await(rig.fromUpstream.end).cause()).isEqualTo(LegEnd.Cause.PROTOCOL_ERROR);
        }
    }

    @Test
    void refusesLengthsNotInTheShortestForm() throws Exception {
        try (Rig rig = new Rig(new BytesLegs())) {
            rig.client.raw(
                    (byte) 0x81, (byte) (0x80 | 126), (byte) 0, (byte) 2, (byte) 0, (byte) 0, (byte) 0, (byte) 0);
            assertThat(rig.client.closing().closeCode()).isEqualTo(1002);
        }
        try (Rig rig = new Rig(new BytesLegs())) {
            byte[] negative = new byte[14];
            negative[0] = (byte) 0x81;
            negative[1] = (byte) (0x80 | 127);
            negative[2] = (byte) 0x80;
            rig.client.raw(negative);
            assertThat(rig.client.closing().closeCode()).isEqualTo(1002);
        }
    }

    @Test
    void refusesBadUtf8AlsoWhenItIsSplitOverFragmentsAndReads() throws Exception {
        refuses(1007, 0x81, (byte) '"', (byte) 0xC0, (byte) 0xAF);
        refuses(1007, 0x81, (byte) 0xED, (byte) 0xA0, (byte) 0x80);
        refuses(1007, 0x81, (byte) 0xE2, (byte) 0x82);
        try (Rig rig = new Rig(new BytesLegs())) {
            rig.client.frame(0x01, (byte) 0xF0);
            rig.client.frame(0x00, (byte) 0x9D);
            rig.client.frame(0x00);
            rig.client.frame(0x00, (byte) 0x84, (byte) 0x41);
            assertThat(rig.client.closing().closeCode()).isEqualTo(1007);
            assertThat(rig.fromUpstream.end).isNotDone();
        }
    }

    @Test
    void refusesASecondTypeAndLetsNothingOfItThrough() throws Exception {
        for (String event : new String[] {
            "{\"type\":\"input_audio_buffer.append\",\"type\":\"response.create\"}",
            "{\"type\":\"input_audio_buffer.append\",\"audio\":\"" + "A".repeat(300_000)
                    + "\",\"\\u0074yp\\u0065\":\"response.create\"}",
            "{\"type\":null,\"type\":\"response.create\"}"
        }) {
            try (Rig rig = new Rig(new BytesLegs())) {
                rig.client.text(event);
                assertThat(rig.client.closing().closeCode()).isEqualTo(1008);
                assertThat(Rig.await(rig.fromClient.end).cause()).isEqualTo(LegEnd.Cause.LIMIT);
                rig.onLoop(() -> {
                    rig.upstreamLeg().send(Buffer.buffer("clean"));
                    return true;
                });
                assertThat(rig.upstream.message().text()).isEqualTo("clean");
            }
        }
    }

    @Test
    void findsTheTypeWhereverItHides() throws Exception {
        try (Rig rig = new Rig(new BytesLegs())) {
            rig.client.text("{\"\\u0074ype\":\"response\\u002ecreate\"}");
            rig.client.text(
                    "\uFEFF{\"a\":{\"type\":\"error\"},\"b\":[{\"type\":1}],\"c\":\"\\\"type\\\":\",\"type\":\"response.create\"}");
            rig.client.text("[" + CREATE + "]");
            rig.client.text("{\"type\":{\"type\":\"response.create\"}}");
            rig.client.text("{\"type\":\"response.created.\"}");
            for (int i = 0; i < 5; i++) {
                rig.upstream.message();
            }
            assertThat(rig.fromClient.types)
                    .containsExactly(
                            EventType.RESPONSE_CREATE,
                            EventType.RESPONSE_CREATE,
                            EventType.UNKNOWN,
                            EventType.UNKNOWN,
                            EventType.UNKNOWN);
        }
    }

    @Test
    void capsFragmentsSizesAndRate() throws Exception {
        try (Rig rig = new Rig(new BytesLegs(), limits(1000, 1500, 3, 20), RelayLimits.upstream())) {
            rig.client.frame(0x81, new byte[1001]);
            assertThat(rig.client.closing().closeCode()).isEqualTo(1009);
        }
        try (Rig rig = new Rig(new BytesLegs(), limits(1000, 1500, 3, 20), RelayLimits.upstream())) {
            rig.client.frame(0x01, new byte[1000]);
            rig.client.frame(0x80, new byte[501]);
            assertThat(rig.client.closing().closeCode()).isEqualTo(1009);
        }
        try (Rig rig = new Rig(new BytesLegs(), limits(1000, 1500, 3, 20), RelayLimits.upstream())) {
            rig.client.frame(0x01);
            rig.client.frame(0x00);
            rig.client.frame(0x00);
            rig.client.frame(0x00);
            assertThat(rig.client.closing().closeCode()).isEqualTo(1008);
        }
        try (Rig rig = new Rig(new BytesLegs(), limits(1000, 1500, 3, 20), RelayLimits.upstream())) {
            Buffer burst = Buffer.buffer();
            for (int i = 0; i < 100; i++) {
                burst.appendBytes(rig.client.encoded(i % 2 == 0 ? 0x89 : 0x81, utf8("{}")));
            }
            rig.client.raw(burst.getBytes());
            assertThat(rig.client.closing().closeCode()).isEqualTo(1008);
            assertThat(rig.fromClient.types.size()).isLessThanOrEqualTo(20);
        }
    }

    @Test
    void staysFlatUnderAHundredThousandOneByteFragments() throws Exception {
        BytesLegs legs = new BytesLegs();
        try (Rig rig = new Rig(legs, limits(1 << 20, 1 << 20, 200_000, 500), RelayLimits.upstream())) {
            Buffer fragments = Buffer.buffer(rig.client.encoded(0x01, (byte) 'x'));
            for (int i = 0; i < 100_000; i++) {
                fragments.appendBytes(rig.client.encoded(0x00, (byte) 'x'));
            }
            rig.client.raw(fragments.getBytes());
            Rig.eventually(() -> legs.heldBytes() > 0);
            assertThat(legs.heldBytes()).isLessThan(1 << 20);
            rig.client.frame(0x80, (byte) 'x');
            assertThat(rig.upstream.message().payload()).hasSize(100_002);
            Rig.eventually(() -> legs.heldBytes() == 0);
        }
    }

    @Test
    void leavesTheUpstreamCleanWhenAClientDiesInMidMessage() throws Exception {
        try (Rig rig = new Rig(new BytesLegs())) {
            byte[] half = rig.client.encoded(
                    0x81, utf8("{\"type\":\"input_audio_buffer.append\",\"audio\":\"" + "A".repeat(400_000) + "\"}"));
            rig.client.raw(Arrays.copyOf(half, half.length / 2));
            Rig.eventually(() -> rig.fromClient.types.size() == 1);
            rig.client.reset();
            assertThat(Rig.await(rig.fromClient.end).cause()).isEqualTo(LegEnd.Cause.PEER_LOST);
            rig.onLoop(() -> {
                rig.upstreamLeg().send(Buffer.buffer("{\"type\":\"response.cancel\"}"));
                return true;
            });
            assertThat(rig.upstream.message().text()).contains("response.cancel");
        }
    }

    @Test
    void cutsTheClientWhenItsUpstreamDiesInsideAStreamedMessage() throws Exception {
        try (Rig rig = new Rig(new BytesLegs())) {
            byte[] large = rig.upstream.encoded(0x81, utf8("{\"type\":\"x\",\"a\":\"" + "A".repeat(1 << 20) + "\"}"));
            rig.upstream.raw(Arrays.copyOf(large, large.length / 2));
            assertThat(rig.client.socket().getInputStream().read()).isEqualTo(0x81);
            rig.upstream.reset();
            assertThat(rig.client.ends()).isTrue();
            assertThat(Rig.await(rig.fromClient.end).cause()).isEqualTo(LegEnd.Cause.LOCAL);
        }
    }

    @Test
    void cutsAClientThatTakesNothingAndGoesOnReadingItsUpstream() throws Exception {
        RelayLimits impatient = timed(Duration.ofMillis(600), Duration.ofSeconds(20), Duration.ofSeconds(45));
        try (Rig rig = new Rig(new BytesLegs(), impatient, RelayLimits.upstream())) {
            byte[] delta = rig.upstream.encoded(
                    0x81, utf8("{\"type\":\"response.output_audio.delta\",\"delta\":\"" + "A".repeat(60_000) + "\"}"));
            CompletableFuture<Boolean> flood = Rig.async(() -> {
                for (int i = 0; i < 600; i++) {
                    rig.upstream.raw(delta);
                }
                rig.upstream.text("{\"type\":\"response.done\"}");
                return true;
            });
            assertThat(Rig.await(rig.fromClient.end).cause()).isEqualTo(LegEnd.Cause.SLOW);
            Rig.await(flood);
            Rig.eventually(() -> rig.fromUpstream.types.contains(EventType.RESPONSE_DONE));
            assertThat(rig.fromUpstream.end).isNotDone();
        }
    }

    @Test
    void pingsAQuietPeerAndGivesUpOnADeadOne() throws Exception {
        RelayLimits quick = timed(Duration.ofSeconds(5), Duration.ofMillis(300), Duration.ofMillis(1500));
        try (Rig rig = new Rig(new BytesLegs(), quick, RelayLimits.upstream())) {
            assertThat(rig.client.read().opcode()).isEqualTo(9);
            assertThat(Rig.await(rig.fromClient.end).cause()).isEqualTo(LegEnd.Cause.TIMEOUT);
            assertThat(rig.client.ends()).isTrue();
        }
    }

    @Test
    void refusesLargeMessagesOverTheBudgetOfTheNode() throws Exception {
        BytesLegs small = new BytesLegs(100_000, Ticker.SYSTEM);
        try (Rig rig = new Rig(small)) {
            rig.client.text("{\"a\":\"" + "A".repeat(60_000) + "\"}");
            rig.upstream.message();
            byte[] large = rig.client.encoded(0x81, utf8("{\"a\":\"" + "A".repeat(5_000_000) + "\"}"));
            CompletableFuture<Integer> code =
                    Rig.async(() -> rig.client.closing().closeCode());
            rig.client.raw(large);
            assertThat(Rig.await(code)).isEqualTo(1013);
            Rig.eventually(() -> small.heldBytes() == 0);
        }
    }

    @Test
    void stopsReadingBehindAnUndecidedMessageAtItsBound() throws Exception {
        RelayLimits upstream = RelayLimits.upstream();
        try (Rig rig = new Rig(new BytesLegs(), RelayLimits.client(), upstream)) {
            Promise<Delivery> decision = Promise.promise();
            rig.fromUpstream.judging(head -> head.type() == EventType.RESPONSE_DONE ? Verdict.COLLECT : Verdict.PASS);
            rig.fromUpstream.delivering((head, utf8) -> Delivery.later(decision.future()));
            rig.upstream.text("{\"type\":\"response.done\"}");
            int messages = 20 * (upstream.heldBytesMax() / 100_000);
            byte[] delta = rig.upstream.encoded(0x81, utf8("{\"a\":\"" + "A".repeat(100_000) + "\"}"));
            CompletableFuture<Boolean> flood = Rig.async(() -> {
                for (int i = 0; i < messages; i++) {
                    rig.upstream.raw(delta);
                }
                return true;
            });
            Rig.eventually(() -> rig.fromUpstream.types.size() > upstream.heldBytesMax() / 100_000);
            rig.onLoop(() -> decision.tryComplete(Delivery.asIs()));
            assertThat(rig.client.message().text()).contains("response.done");
            for (int i = 0; i < messages; i++) {
                assertThat(rig.client.message().payload()).hasSize(100_008);
            }
            Rig.await(flood);
        }
    }

    private static void refuses(int code, int first, byte... payload) throws Exception {
        try (Rig rig = new Rig(new BytesLegs())) {
            rig.client.frame(first, payload);
            assertThat(rig.client.closing().closeCode()).isEqualTo(code);
            assertThat(rig.client.ends()).isTrue();
            LegEnd end = Rig.await(rig.fromClient.end);
            assertThat(end.cause()).isEqualTo(LegEnd.Cause.PROTOCOL_ERROR);
            assertThat(end.code()).isEqualTo(code);
        }
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static RelayLimits limits(int frame, int message, int fragments, int rate) {
        RelayLimits client = RelayLimits.client();
        return new RelayLimits(
                frame,
                message,
                fragments,
                rate,
                client.queueBytesMax(),
                client.queueAgeMax(),
                client.heldBytesMax(),
                client.pingInterval(),
                client.silenceMax(),
                client.messageTimeout(),
                client.closeTimeout());
    }

    private static RelayLimits timed(Duration queueAge, Duration ping, Duration silence) {
        RelayLimits client = RelayLimits.client();
        return new RelayLimits(
                client.frameBytesMax(),
                client.messageBytesMax(),
                client.fragmentsMax(),
                client.messagesPerSecondMax(),
                client.queueBytesMax(),
                queueAge,
                client.heldBytesMax(),
                ping,
                silence,
                client.messageTimeout(),
                Duration.ofSeconds(1));
    }
}
