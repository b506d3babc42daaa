package dev.parley.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.protocol.EventType;
import dev.parley.relay.Gate.Verdict;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What both relays do. */
@Timeout(60)
class RelayContractTest {
    enum Relay {
        BYTES(BytesLegs::new),
        FRAMES(FramesLegs::new);

        @SuppressWarnings("ImmutableEnumChecker") // stateless
        private final Supplier<Legs> maker;

        Relay(Supplier<Legs> maker) {
            this.maker = maker;
        }

        Legs legs() {
            return maker.get();
        }

        Rig rig() throws Exception {
            return new Rig(maker.get());
        }

        Rig rig(byte... early) throws Exception {
            return new Rig(maker.get(), RelayLimits.client(), RelayLimits.upstream(), early);
        }
    }

    @ParameterizedTest
    @EnumSource
    void passesMessagesBothWaysAsTheyCame(Relay relay) throws Exception {
        try (Rig rig = relay.rig()) {
            String up = "{\"type\":\"session.update\", \"x\" : \"\\u00e9 é 𝄞\"}";
            String down = "{\"x\":{\"type\":\"error\"},\"type\":\"response.done\"}";
            rig.client.text(up);
            assertThat(rig.upstream.message().text()).isEqualTo(up);
            rig.upstream.text(down);
            assertThat(rig.client.message().text()).isEqualTo(down);
            assertThat(rig.fromClient.types).containsExactly(EventType.SESSION_UPDATE);
            assertThat(rig.fromUpstream.types).containsExactly(EventType.RESPONSE_DONE);
            Rig.eventually(() -> rig.fromUpstream.passed.equals(List.of((long) down.length())));
        }
    }

    @ParameterizedTest
    @EnumSource
    void passesBinaryMessagesAsBinary(Relay relay) throws Exception {
        try (Rig rig = relay.rig()) {
            rig.client.frame(0x82, (byte) 1, (byte) 0xFF, (byte) 0);
            Wire.Frame arrived = rig.upstream.message();
            assertThat(arrived.opcode()).isEqualTo(2);
            assertThat(arrived.payload()).containsExactly(1, 0xFF, 0);
        }
    }

    @ParameterizedTest
    @EnumSource
    void masksTowardsTheUpstreamOnly(Relay relay) throws Exception {
        try (Rig rig = relay.rig()) {
            rig.client.text("{}");
            assertThat(rig.upstream.read().masked()).isTrue();
            rig.onLoop(() -> send(rig.upstreamLeg(), "own"));
            assertThat(rig.upstream.read().masked()).isTrue();
            rig.upstream.text("{}");
            assertThat(rig.client.read().masked()).isFalse();
        }
    }

    /** Such as a response that brings its audio with it: more than the socket takes at once. */
    @ParameterizedTest
    @EnumSource
    void sendsLargeMessagesOfTheBrokersOwn(Relay relay) throws Exception {
        String large = "{\"audio\":\"" + "x".repeat(3 << 20) + "\"}";
        try (Rig rig = relay.rig()) {
            rig.onLoop(() -> send(rig.upstreamLeg(), large));
            assertThat(rig.upstream.message().text()).isEqualTo(large);
            rig.onLoop(() -> send(rig.clientLeg(), large));
            assertThat(rig.client.message().text()).isEqualTo(large);
        }
    }

    @ParameterizedTest
    @EnumSource
    void keepsWhatTheUpstreamSendsWithItsUpgrade(Relay relay) throws Exception {
        byte[] early = Wire.encode(0x81, "{\"type\":\"session.created\"}".getBytes(StandardCharsets.UTF_8), false);
        try (Rig rig = relay.rig(early)) {
            assertThat(rig.client.message().text()).isEqualTo("{\"type\":\"session.created\"}");
        }
    }

    /** A provider's first event can begin in the segment of its 101, and go on in the next one. */
    @ParameterizedTest
    @EnumSource
    void losesNothingOfAMessageThatBeganInOnePieceWithTheUpgrade(Relay relay) throws Exception {
        String created = "{\"type\":\"session.created\",\"session\":\"" + "x".repeat(200) + "\"}";
        byte[] frame = Wire.encode(0x81, created.getBytes(StandardCharsets.UTF_8), false);
        for (int split : new int[] {1, 2, 3, 4, 5, frame.length - 1}) {
            try (Rig rig = relay.rig(Arrays.copyOf(frame, split))) {
                rig.upstreamLeg(); // it has taken the socket over
                rig.upstream.raw(Arrays.copyOfRange(frame, split, frame.length));
                rig.upstream.text("{\"type\":\"session.updated\"}");
                assertThat(rig.client.message().text()).as("split at " + split).isEqualTo(created);
                assertThat(rig.client.message().text()).contains("session.updated");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void joinsFragmentsAlsoAfterAnEmptyFirstOne(Relay relay) throws Exception {
        try (Rig rig = relay.rig()) {
            rig.client.frame(0x01);
            rig.client.frame(0x00, "{\"ty".getBytes(StandardCharsets.UTF_8));
            rig.client.frame(0x89, (byte) 'p');
            rig.client.frame(0x00);
            rig.client.frame(0x80, "pe\":\"response.create\"}".getBytes(StandardCharsets.UTF_8));
            assertThat(rig.upstream.message().text()).isEqualTo("{\"type\":\"response.create\"}");
            assertThat(rig.fromClient.types).containsExactly(EventType.RESPONSE_CREATE);
            Wire.Frame pong = rig.client.read();
            assertThat(pong.opcode()).isEqualTo(10);
            assertThat(pong.text()).isEqualTo("p");
        }
    }

    @ParameterizedTest
    @EnumSource
    void answersEachPingOnceOnItsOwnLeg(Relay relay) throws Exception {
        try (Rig rig = relay.rig()) {
            rig.client.frame(0x89, (byte) 'a');
            rig.client.text("{}");
            assertThat(rig.client.read().text()).isEqualTo("a");
            assertThat(rig.upstream.read().opcode()).isEqualTo(1);
            rig.upstream.frame(0x89, (byte) 'b');
            rig.upstream.text("{}");
            assertThat(rig.client.read().opcode()).isEqualTo(1);
            Wire.Frame pong = rig.upstream.read();
            assertThat(pong.opcode()).isEqualTo(10);
            assertThat(pong.text()).isEqualTo("b");
        }
    }

    @ParameterizedTest
    @EnumSource
    void collectsReplacesAndDrops(Relay relay) throws Exception {
        try (Rig rig = relay.rig()) {
            rig.fromClient.judging(head -> head.type() == EventType.RESPONSE_CANCEL ? Verdict.DROP : Verdict.COLLECT);
            rig.fromClient.delivering((head, utf8) -> switch (head.type()) {
                case RESPONSE_CREATE -> Delivery.replaced(Buffer.buffer("{\"type\":\"other\"}"));
                case SESSION_UPDATE -> Delivery.dropped();
                default -> Delivery.asIs();
            });
            rig.client.text("{\"type\":\"response.create\"}");
            rig.client.text("{\"type\":\"session.update\"}");
            rig.client.text("{\"type\":\"response.cancel\"}");
            rig.client.text("{\"type\":\"unheard.of\"}");
            assertThat(rig.upstream.message().text()).isEqualTo("{\"type\":\"other\"}");
            assertThat(rig.upstream.message().text()).isEqualTo("{\"type\":\"unheard.of\"}");
            assertThat(rig.fromClient.collected)
                    .extracting(Buffer::toString)
                    .containsExactly(
                            "{\"type\":\"response.create\"}",
                            "{\"type\":\"session.update\"}",
                            "{\"type\":\"unheard.of\"}");
        }
    }

    @ParameterizedTest
    @EnumSource
    void holdsWhatFollowsAnUndecidedMessageInOrder(Relay relay) throws Exception {
        try (Rig rig = relay.rig()) {
            Promise<Delivery> first = Promise.promise();
            Promise<Delivery> second = Promise.promise();
            rig.fromUpstream.judging(head -> head.type() == EventType.RESPONSE_DONE ? Verdict.COLLECT : Verdict.PASS);
            List<Future<Delivery>> decisions = new ArrayList<>(List.of(first.future(), second.future()));
            rig.fromUpstream.delivering((head, utf8) -> Delivery.later(decisions.removeFirst()));
            rig.upstream.text("{\"type\":\"response.done\",\"n\":1}");
            rig.upstream.text("{\"n\":2}");
            rig.upstream.text("{\"type\":\"response.done\",\"n\":3}");
            rig.upstream.text("{\"n\":4}");
            Rig.eventually(() -> rig.fromUpstream.types.size() == 4);
            rig.onLoop(() -> send(rig.clientLeg(), "own"));
            assertThat(rig.client.message().text()).isEqualTo("own");
            rig.onLoop(() -> second.tryComplete(Delivery.replaced(Buffer.buffer("three"))));
            rig.onLoop(() -> first.tryComplete(Delivery.asIs()));
            assertThat(rig.client.message().text()).isEqualTo("{\"type\":\"response.done\",\"n\":1}");
            assertThat(rig.client.message().text()).isEqualTo("{\"n\":2}");
            assertThat(rig.client.message().text()).isEqualTo("three");
            assertThat(rig.client.message().text()).isEqualTo("{\"n\":4}");
        }
    }

    @ParameterizedTest
    @EnumSource
    void closesBehindWhatIsStillHeld(Relay relay) throws Exception {
        try (Rig rig = relay.rig()) {
            Promise<Delivery> decision = Promise.promise();
            rig.fromUpstream.judging(head -> Verdict.COLLECT);
            rig.fromUpstream.delivering((head, utf8) -> Delivery.later(decision.future()));
            rig.upstream.text("last words");
            Rig.eventually(() -> rig.fromUpstream.collected.size() == 1);
            rig.onLoop(() -> rig.clientLeg().close(1012, "drain"));
            rig.onLoop(() -> decision.tryComplete(Delivery.asIs()));
            assertThat(rig.client.message().text()).isEqualTo("last words");
            assertThat(rig.client.read().closeCode()).isEqualTo(1012);
        }
    }

    @ParameterizedTest
    @EnumSource
    void cutsBothLegsWhenADecisionFails(Relay relay) throws Exception {
        try (Rig rig = relay.rig()) {
            rig.fromClient.judging(head -> Verdict.COLLECT);
            rig.fromClient.delivering((head, utf8) -> Delivery.later(Future.failedFuture("database is gone")));
            rig.client.text("{}");
            assertThat(rig.client.ends()).isTrue();
            assertThat(rig.upstream.ends()).isTrue();
            assertThat(Rig.await(rig.fromClient.end).cause()).isEqualTo(LegEnd.Cause.LOCAL);
            assertThat(Rig.await(rig.fromUpstream.end).cause()).isEqualTo(LegEnd.Cause.LOCAL);
        }
    }

    @ParameterizedTest
    @EnumSource
    void showsWhatPassesUnlessItIsTooLargeToBeHeld(Relay relay) throws Exception {
        try (Rig rig = relay.rig()) {
            rig.fromClient.judging(head -> Verdict.SHOW);
            rig.fromUpstream.judging(head -> head.type() == EventType.RESPONSE_DONE ? Verdict.PASS : Verdict.SHOW);
            String large = "{\"type\":\"unheard.of\",\"a\":\"" + "a".repeat(Gate.SHOWN_BYTES_MAX) + "\"}";
            rig.upstream.frame(0x01, "{\"type\":\"unheard.of\",\"n".getBytes(StandardCharsets.UTF_8));
            rig.upstream.frame(0x80, "\":1}".getBytes(StandardCharsets.UTF_8));
            rig.upstream.text("{\"type\":\"response.done\"}");
            rig.upstream.text(large);
            rig.upstream.text("{\"n\":2}");
            assertThat(rig.client.message().text()).isEqualTo("{\"type\":\"unheard.of\",\"n\":1}");
            assertThat(rig.client.message().text()).isEqualTo("{\"type\":\"response.done\"}");
            assertThat(rig.client.message().text()).isEqualTo(large);
            assertThat(rig.client.message().text()).isEqualTo("{\"n\":2}");
            assertThat(rig.fromUpstream.shown)
                    .containsExactly("{\"type\":\"unheard.of\",\"n\":1}", "too large", "{\"n\":2}");
            Rig.eventually(() -> rig.fromUpstream.passed.size() == 4);
            rig.client.text("{\"type\":\"input_audio_buffer.append\"}");
            rig.client.text(large);
            assertThat(rig.upstream.message().text()).isEqualTo("{\"type\":\"input_audio_buffer.append\"}");
            assertThat(rig.upstream.message().text()).isEqualTo(large);
            assertThat(rig.fromClient.shown).containsExactly("{\"type\":\"input_audio_buffer.append\"}", "too large");
        }
    }

    @ParameterizedTest
    @EnumSource
    void readsNothingWhilePaused(Relay relay) throws Exception {
        try (Rig rig = relay.rig()) {
            CompletableFuture<Boolean> paused = new CompletableFuture<>();
            rig.fromClient.judging(head -> {
                if (head.type() == EventType.SESSION_UPDATE) {
                    legOf(rig).pauseReading();
                    paused.complete(true);
                }
                return Verdict.PASS;
            });
            rig.client.raw(joined(
                    rig.client.encoded(0x81, "{\"type\":\"session.update\"}".getBytes(StandardCharsets.UTF_8)),
                    rig.client.encoded(0x81, "{\"type\":\"response.create\"}".getBytes(StandardCharsets.UTF_8))));
            Rig.await(paused);
            assertThat(rig.upstream.message().text()).contains("session.update");
            assertThat(rig.fromClient.types).containsExactly(EventType.SESSION_UPDATE);
            rig.onLoop(() -> {
                rig.clientLeg().resumeReading();
                return true;
            });
            assertThat(rig.upstream.message().text()).contains("response.create");
        }
    }

    @ParameterizedTest
    @EnumSource
    void tellsWhoClosedAndHow(Relay relay) throws Exception {
        try (Rig rig = relay.rig()) {
            rig.upstream.frame(0x88, (byte) (4000 >>> 8), (byte) 4000, (byte) 'n', (byte) 'o');
            assertThat(rig.upstream.closing().closeCode()).isEqualTo(4000);
            rig.upstream.close();
            assertThat(Rig.await(rig.fromUpstream.end)).isEqualTo(new LegEnd(LegEnd.Cause.PEER_CLOSED, 4000, "no"));
            rig.client.reset();
            assertThat(Rig.await(rig.fromClient.end).cause()).isEqualTo(LegEnd.Cause.PEER_LOST);
            assertThat(rig.fromClient.ends).hasSize(1);
            assertThat(rig.fromUpstream.ends).hasSize(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void closesWithAHandshakeAndThenTellsTheGate(Relay relay) throws Exception {
        try (Rig rig = relay.rig()) {
            CompletableFuture<Void> closed = new CompletableFuture<>();
            rig.onLoop(() -> rig.clientLeg().close(4403, "suspended").onSuccess(closed::complete));
            assertThat(rig.client.closing().closeCode()).isEqualTo(4403);
            rig.client.close(4403);
            Rig.await(closed);
            assertThat(rig.fromClient.ends).containsExactly(new LegEnd(LegEnd.Cause.LOCAL, 4403, "suspended"));
            assertThat(rig.client.ends()).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource
    void passesAnAppendOfFifteenMebibytesUp(Relay relay) throws Exception {
        String event = "{\"type\":\"input_audio_buffer.append\",\"audio\":\"" + "A".repeat(15 << 20) + "\"}";
        try (Rig rig = relay.rig()) {
            CompletableFuture<Wire.Frame> arrived = reading(rig.upstream);
            rig.client.text(event);
            assertThat(Rig.await(arrived).text()).isEqualTo(event);
        }
    }

    @ParameterizedTest
    @EnumSource
    void passesAnItemOfThreeAndAHalfMegabytesDown(Relay relay) throws Exception {
        String event = "{\"item\":\"" + "é".repeat(1_750_000) + "\",\"type\":\"conversation.item.retrieved\"}";
        try (Rig rig = relay.rig()) {
            CompletableFuture<Wire.Frame> arrived = reading(rig.client);
            rig.upstream.text(event);
            assertThat(Rig.await(arrived).text()).isEqualTo(event);
        }
    }

    @ParameterizedTest
    @EnumSource
    void dropsWhatHasNoOtherSide(Relay relay) throws Exception {
        try (Rig rig = relay.rig()) {
            rig.onLoop(() -> {
                rig.clientLeg().forwardTo(null);
                return true;
            });
            rig.client.text("{}");
            Rig.eventually(() -> rig.fromClient.passed.size() == 1);
            rig.onLoop(() -> {
                rig.clientLeg().forwardTo(rig.upstreamLeg());
                return true;
            });
            rig.client.text("[]");
            assertThat(rig.upstream.message().text()).isEqualTo("[]");
        }
    }

    @ParameterizedTest
    @EnumSource
    void countsWholeMessages(Relay relay) throws Exception {
        try (Rig rig = relay.rig()) {
            rig.client.text("one");
            rig.client.text("three");
            rig.upstream.message();
            rig.upstream.message();
            rig.onLoop(() -> send(rig.upstreamLeg(), "own"));
            assertThat(rig.onLoop(() -> rig.clientLeg().counters())).isEqualTo(new LegCounters(2, 8, 0, 0));
            assertThat(rig.onLoop(() -> rig.upstreamLeg().counters())).isEqualTo(new LegCounters(0, 0, 3, 11));
        }
    }

    @ParameterizedTest
    @EnumSource
    void callsGatesOnAContextWhoseFuturesComeBackToTheirEventLoop(Relay relay) throws Exception {
        try (Rig rig = relay.rig()) {
            CompletableFuture<Boolean> same = new CompletableFuture<>();
            rig.fromClient.judging(head -> {
                Thread loop = Thread.currentThread();
                Vertx.currentContext()
                        .owner()
                        .timer(1)
                        .onComplete(done -> same.complete(loop.equals(Thread.currentThread())));
                return Verdict.PASS;
            });
            rig.client.text("{}");
            assertThat(Rig.await(same)).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource
    void peeksAtTopLevelMembers(Relay relay) throws Exception {
        try (Rig rig = relay.rig()) {
            List<String> seen = new ArrayList<>();
            rig.fromClient.judging(head -> {
                seen.add(head.peek("event_id") + " " + head.peek("absent"));
                return Verdict.PASS;
            });
            rig.client.text("{\"item\":{\"event_id\":\"inner\"},\"event_id\":\"o\\u0075ter\",\"type\":\"x\"}");
            rig.upstream.message();
            assertThat(seen).containsExactly("outer null");
        }
    }

    private static Leg legOf(Rig rig) {
        try {
            return rig.clientLeg();
        } catch (Exception impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static boolean send(Leg leg, String text) {
        leg.send(Buffer.buffer(text));
        return true;
    }

    private static CompletableFuture<Wire.Frame> reading(Wire wire) {
        return Rig.async(wire::message);
    }

    private static byte[] joined(byte[] first, byte[] second) {
        return Buffer.buffer(first).appendBytes(second).getBytes();
    }
}
