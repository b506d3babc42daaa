package dev.parley.relay;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.parley.relay.Gate.Verdict;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import io.vertx.core.Promise;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

/** Every buffer that the relay takes is given back, however its legs end. */
@Timeout(120)
class RelayLeakTest {
    private final Logger detector = (Logger) LoggerFactory.getLogger(ResourceLeakDetector.class);
    private final ListAppender<ILoggingEvent> reports = new ListAppender<>();
    private final ResourceLeakDetector.Level before = ResourceLeakDetector.getLevel();

    @BeforeEach
    void watch() {
        collectGarbage(); // what others lost before is theirs
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
        reports.start();
        detector.addAppender(reports);
    }

    @AfterEach
    void unwatch() {
        detector.detachAppender(reports);
        ResourceLeakDetector.setLevel(before);
    }

    @Test
    void givesBackEveryBufferHoweverLegsEnd() throws Exception {
        for (int i = 0; i < 3; i++) {
            closedWhileADecisionIsOut();
            resetWhileBothSidesAreInMidMessage();
            failedWithMoreBehind();
            pausedWithUnreadBytes();
        }
        collectGarbage();
        assertThat(reports.list).as("leaks reported by Netty").isEmpty();
        leakOne();
        Rig.eventually(() -> {
            collectGarbage();
            return !reports.list.isEmpty();
        });
    }

    private static void closedWhileADecisionIsOut() throws Exception {
        Promise<Delivery> decision = Promise.promise();
        try (Rig rig = new Rig(new BytesLegs())) {
            rig.fromUpstream.judging(head -> Verdict.COLLECT);
            rig.fromUpstream.delivering((head, utf8) -> Delivery.later(decision.future()));
            rig.upstream.text("x".repeat(200_000));
            rig.upstream.text("behind");
            Rig.eventually(() -> rig.fromUpstream.collected.size() == 2);
            rig.client.reset();
            rig.upstream.reset();
            Rig.await(rig.fromClient.end);
            Rig.await(rig.fromUpstream.end);
            rig.onLoop(() -> decision.tryComplete(Delivery.asIs()));
        }
    }

    private static void resetWhileBothSidesAreInMidMessage() throws Exception {
        try (Rig rig = new Rig(new BytesLegs())) {
            for (Wire wire : List.of(rig.client, rig.upstream)) {
                byte[] whole = wire.encoded(
                        0x81,
                        ("{\"type\":\"a\",\"x\":\"" + "A".repeat(900_000) + "\"}").getBytes(StandardCharsets.UTF_8));
                wire.raw(Arrays.copyOf(whole, whole.length / 2));
            }
            Rig.eventually(() -> rig.fromClient.types.size() + rig.fromUpstream.types.size() == 2);
            rig.upstream.reset();
            rig.client.reset();
            Rig.await(rig.fromClient.end);
            Rig.await(rig.fromUpstream.end);
        }
    }

    private static void failedWithMoreBehind() throws Exception {
        try (Rig rig = new Rig(new BytesLegs())) {
            rig.client.frame(0x01, new byte[70_000]);
            rig.client.frame(0x81, new byte[70_000]);
            rig.client.text("{}");
            assertThat(rig.client.closing().closeCode()).isEqualTo(1002);
        }
    }

    private static void pausedWithUnreadBytes() throws Exception {
        try (Rig rig = new Rig(new BytesLegs())) {
            rig.onLoop(() -> {
                rig.clientLeg().pauseReading();
                return true;
            });
            rig.client.text("{}");
            rig.client.text("x".repeat(300_000));
            rig.onLoop(() -> {
                rig.clientLeg().cut();
                return true;
            });
            Rig.await(rig.fromClient.end);
        }
    }

    /** So that the test is known to see one. */
    private static void leakOne() {
        ByteBuf lost = ByteBufAllocator.DEFAULT.directBuffer(64);
        assertThat(lost.refCnt()).isEqualTo(1);
    }

    /** Netty reports a leak when the buffer was collected and another one is taken. */
    private static void collectGarbage() {
        for (int i = 0; i < 3; i++) {
            System.gc();
            ByteBufAllocator.DEFAULT.directBuffer(64).release();
        }
    }
}
