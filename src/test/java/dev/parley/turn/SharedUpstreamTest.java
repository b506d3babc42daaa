package dev.parley.turn;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.concurrent.Ticker;
import dev.parley.domain.ModelName;
import dev.parley.domain.Refusal;
import dev.parley.domain.TenantId;
import dev.parley.protocol.EventType;
import dev.parley.relay.LegEnd;
import dev.parley.session.FakeLeg;
import dev.parley.upstream.UpstreamConnector.Lease;
import dev.parley.upstream.UpstreamConnector.UpstreamSession;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whose events are whose on an upstream session that responses share. */
class SharedUpstreamTest {
    private static final Vertx VERTX = Vertx.vertx();

    private final FakeLeg leg = new FakeLeg();
    private final List<String> news = new ArrayList<>();
    private final SharedUpstream upstream = new SharedUpstream(
            VERTX,
            new UpstreamSession(leg, "default", "sess_1", Buffer.buffer("{}"), List.of(), new Lease() {
                @Override
                public void ended(LegEnd end) {
                    news.add("place given back");
                }

                @Override
                public void reported(String code) {
                    news.add("reported " + code);
                }
            }),
            new Shape(new TenantId("acme"), new ModelName("gpt-realtime"), "{\"type\":\"realtime\"}"),
            TurnLimits.STANDARD,
            Ticker.SYSTEM,
            0,
            new SplittableRandom(1),
            new Keeper());
    private final Owner red = new Owner();
    private final Owner blue = new Owner();

    @AfterAll
    static void stop() {
        VERTX.close();
    }

    @BeforeEach
    void configure() {
        upstream.configure();
        assertThat(upstream.hasPlace()).as("before the settings are taken").isFalse();
        leg.receive("{\"type\":\"session.updated\"}");
        assertThat(news).containsExactly("ready");
        news.clear();
    }

    @Test
    void eachOwnerHearsOfItsOwnResponseOnly() {
        upstream.ask(red);
        upstream.ask(blue);
        created("r2", blue);
        created("r1", red);
        leg.receive("{\"type\":\"response.output_text.delta\",\"response_id\":\"r2\",\"delta\":\"b\"}");
        leg.receive("{\"type\":\"response.output_text.delta\",\"response_id\":\"r1\",\"delta\":\"a\"}");
        leg.receive("{\"type\":\"rate_limits.updated\",\"rate_limits\":[]}");
        done("r1");
        done("r2");
        assertThat(red.heard).containsExactly("created r1", "delta a", "done r1");
        assertThat(blue.heard).containsExactly("created r2", "delta b", "done r2");
        assertThat(news).containsExactly("place", "place");
        assertThat(upstream.hasPlace()).isTrue();
    }

    @Test
    void anEventWithoutAnOwnerGoesToNobodyAndRetiresTheSession() {
        for (String stranger : List.of(
                "{\"type\":\"response.output_text.delta\",\"response_id\":\"r9\",\"delta\":\"x\"}",
                "{\"type\":\"response.done\",\"response\":{\"id\":\"r9\"}}",
                "{\"type\":\"response.created\",\"response\":{\"id\":\"r9\",\"metadata\":{\"parley_turn\":\"guess\"}}}",
                "{\"type\":\"error\",\"error\":{\"code\":\"x\",\"event_id\":null}}",
                "{\"type\":\"error\",\"error\":{\"code\":\"x\",\"event_id\":\"guess\"}}",
                "{\"type\":\"input_audio_buffer.committed\",\"item_id\":\"i\"}",
                "{\"type\":\"session.updated\"}",
                "not json")) {
            SharedUpstreamTest fresh = new SharedUpstreamTest();
            fresh.configure();
            fresh.upstream.ask(fresh.red);
            fresh.created("r1", fresh.red);
            fresh.leg.receive(stranger);
            assertThat(fresh.news).as(stranger).contains("retired");
            assertThat(fresh.upstream.hasPlace()).isFalse();
            assertThat(fresh.leg.isOpen()).as("its response runs on").isTrue();
            fresh.done("r1");
            assertThat(fresh.red.heard).as(stranger).containsExactly("created r1", "done r1");
            assertThat(fresh.leg.isOpen()).isFalse();
        }
    }

    @Test
    void aResponseThatNobodyAskedForIsCancelled() {
        leg.receive("{\"type\":\"response.created\",\"response\":{\"id\":\"r9\",\"metadata\":null}}");
        assertThat(leg.types()).contains("response.cancel");
    }

    @Test
    void whatIsSaidTwiceIsHeardOnce() {
        upstream.ask(red);
        created("r1", red);
        created("r1", red);
        done("r1");
        done("r1");
        assertThat(red.heard).containsExactly("created r1", "done r1");
        assertThat(news).contains("retired");
    }

    @Test
    void aRefusedRequestFreesItsPlace() {
        upstream.ask(red);
        leg.receive("{\"type\":\"error\",\"error\":{\"code\":\"bad\",\"event_id\":\"" + red.correlation + "\"}}");
        assertThat(red.heard).containsExactly("refused bad");
        assertThat(news).containsExactly("reported bad", "place");
    }

    @Test
    void anAccountInTroubleIsNotAskedAgain() {
        upstream.ask(red);
        leg.receive("{\"type\":\"error\",\"error\":{\"code\":\"insufficient_quota\",\"event_id\":\"" + red.correlation
                + "\"}}");
        assertThat(red.heard).containsExactly("refused insufficient_quota");
        assertThat(news).startsWith("reported insufficient_quota", "retired");
        assertThat(leg.isOpen()).isFalse();
    }

    @Test
    void aCancelledSessionTakesNoMoreAndItsOtherResponsesGoOn() {
        upstream.ask(red);
        upstream.ask(blue);
        created("r1", red);
        created("r2", blue);
        upstream.cancel("r1");
        assertThat(news).containsExactly("retired");
        done("r1");
        assertThat(leg.isOpen()).isTrue();
        done("r2");
        assertThat(blue.heard).containsExactly("created r2", "done r2");
        assertThat(leg.isOpen()).isFalse();
    }

    @Test
    void theRefusalOfACancelThatCameTooLateIsNobodys() {
        upstream.ask(red);
        upstream.ask(blue);
        created("r1", red);
        upstream.cancel("r1");
        String cancel = leg.events().getLast().path("event_id").asText();
        done("r1");
        leg.receive("{\"type\":\"error\",\"error\":{\"code\":\"response_cancel_not_active\",\"event_id\":\"" + cancel
                + "\"}}");
        assertThat(red.heard).containsExactly("created r1", "done r1");
        assertThat(blue.heard).isEmpty();
    }

    @Test
    void whoWasGivenUpHearsNothingMore() {
        upstream.ask(red);
        upstream.ask(blue);
        upstream.abandon(red);
        created("r1", red);
        leg.receive("{\"type\":\"response.output_text.delta\",\"response_id\":\"r1\",\"delta\":\"x\"}");
        done("r1");
        assertThat(red.heard).isEmpty();
        assertThat(leg.types()).as("nothing pays for it").contains("response.cancel");
    }

    @Test
    void whatRunsForNobodyIsStopped() {
        upstream.ask(red);
        upstream.ask(blue);
        created("r1", red);
        upstream.abandon(red);
        assertThat(leg.events().getLast().path("type").asText()).isEqualTo("response.cancel");
        assertThat(leg.events().getLast().path("response_id").asText()).isEqualTo("r1");
        assertThat(leg.isOpen()).as("the other one goes on").isTrue();
    }

    @Test
    void everyOwnerHearsThatTheSessionIsGone() {
        upstream.ask(red);
        upstream.ask(blue);
        created("r1", red);
        leg.lose(new LegEnd(LegEnd.Cause.PEER_LOST, 1006, ""));
        assertThat(red.heard).containsExactly("created r1", "lost");
        assertThat(blue.heard).containsExactly("lost");
        assertThat(news).containsExactly("place given back", "retired", "ended");
    }

    private void created(String id, Owner owner) {
        leg.receive("{\"type\":\"response.created\",\"response\":{\"id\":\"" + id
                + "\",\"metadata\":{\"parley_turn\":\"" + owner.correlation + "\"}}}");
    }

    private void done(String id) {
        leg.receive("{\"type\":\"response.done\",\"response\":{\"id\":\"" + id + "\"}}");
    }

    private final class Keeper implements SharedUpstream.Keeper {
        @Override
        public void ready(SharedUpstream upstream, long nanos) {
            news.add("ready");
        }

        @Override
        public void placeFree(long nanos) {
            news.add("place");
        }

        @Override
        public void retired(SharedUpstream upstream) {
            news.add("retired");
        }

        @Override
        public void failed(Refusal refusal) {
            news.add("failed");
        }

        @Override
        public void ended() {
            news.add("ended");
        }
    }

    private static final class Owner implements ResponseOwner {
        private final List<String> heard = new ArrayList<>();
        private String correlation = "";

        @Override
        public Buffer request(SharedUpstream on, String id) {
            correlation = id;
            return Buffer.buffer("{\"type\":\"response.create\"}");
        }

        @Override
        public int waitingBytes() {
            return 0;
        }

        @Override
        public boolean waits() {
            return true;
        }

        @Override
        public void unavailable(Refusal refusal) {
            heard.add("unavailable");
        }

        @Override
        public void created(ObjectNode event) {
            heard.add("created " + event.at("/response/id").asText());
        }

        @Override
        public void event(EventType type, ObjectNode event) {
            heard.add("delta " + event.path("delta").asText());
        }

        @Override
        public void done(ObjectNode event) {
            heard.add("done " + event.at("/response/id").asText());
        }

        @Override
        public void refused(JsonNode error) {
            heard.add("refused " + error.path("code").asText());
        }

        @Override
        public void lost() {
            heard.add("lost");
        }
    }
}
