package dev.parley.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.relay.LegEnd;
import dev.parley.relay.LegEnd.Cause;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Every way in which a session ends, what the client hears, and that nothing is left. */
class SessionEndsTest {
    @Test
    void mapsTheUpstreamsCloseCodes() {
        Map<LegEnd, Integer> codes = Map.of(
                new LegEnd(Cause.PEER_CLOSED, 1000, ""), 1000,
                new LegEnd(Cause.PEER_CLOSED, 1001, "bye"), 1001,
                new LegEnd(Cause.PEER_CLOSED, 1005, ""), 1011,
                new LegEnd(Cause.PEER_CLOSED, 1009, "big"), 1011,
                new LegEnd(Cause.PEER_CLOSED, 1012, ""), 1012,
                new LegEnd(Cause.PEER_CLOSED, 4000, "invalid_request_error.invalid_model"), 4000,
                new LegEnd(Cause.PEER_CLOSED, 3000, "invalid_request_error.invalid_api_key"), 1013,
                new LegEnd(Cause.PEER_LOST, 1006, ""), 1011,
                new LegEnd(Cause.TIMEOUT, 1011, ""), 1011);
        codes.forEach((end, code) -> {
            try (SessionRig rig = SessionRig.started()) {
                upstreamEnds(rig, end);

                assertThat(rig.clientTypes()).as("never silent").containsExactly("session.created", "error");
                assertThat(rig.on(rig.client::closeCode)).as(end.toString()).isEqualTo(code);
                rig.assertNothingLeft();
                assertThat(rig.errors).hasSize(1);
            }
        });
    }

    @Test
    void passesTheProvidersOwnLastWordAndAddsNone() {
        try (SessionRig rig = SessionRig.started()) {
            rig.upstreamSends("{\"type\":\"error\",\"event_id\":\"e\",\"error\":{\"type\":\"invalid_request_error\","
                    + "\"code\":\"session_expired\",\"message\":\"over\",\"param\":null,\"event_id\":null}}");
            upstreamEnds(
                    rig, new LegEnd(Cause.PEER_CLOSED, 1001, "Your session hit the maximum duration of 60 minutes."));

            assertThat(rig.clientTypes()).containsExactly("session.created", "error");
            assertThat(rig.on(rig.client::closeCode)).isEqualTo(1001);
            rig.assertNothingLeft();
        }
    }

    @Test
    void tellsWhenThereIsNoUpstream() {
        try (SessionRig rig = SessionRig.started(setup -> {
            setup.unavailable = Refusal.of(Kind.UPSTREAM_UNAVAILABLE, "upstream_unavailable", "no");
            return setup;
        })) {
            assertThat(rig.clientTypes())
                    .as("no session.created for a session that is none")
                    .containsExactly("error");
            assertThat(rig.on(rig.client::closeCode)).isEqualTo(1013);
            rig.assertNothingLeft();
            assertThat(rig.errors).hasSize(1);
        }
    }

    @Test
    void tellsWhereItsUpstreamCameFromWhatTheProviderReports() {
        try (SessionRig rig = SessionRig.started(setup -> setup)) {
            rig.upstreamSends(
                    "{\"type\":\"error\",\"error\":{\"type\":\"insufficient_quota\",\"code\":\"insufficient_quota\","
                            + "\"message\":\"organization org-abcdef123 is out of quota\"}}");

            assertThat(rig.reported).containsExactly("insufficient_quota");
            assertThat(rig.toClient().getLast().toString()).doesNotContain("org-abcdef123");
        }
    }

    @Test
    void closesWhenTheTokenNoLongerStands() {
        try (SessionRig rig = SessionRig.started(setup -> {
            setup.recheckInterval = Duration.ofMillis(20);
            return setup;
        })) {
            rig.refuseAtRecheck(Refusal.of(Kind.UNAUTHENTICATED, "token_expired", "The token has expired."));

            rig.until("closed", () -> rig.client.closeCode() != null);
            assertThat(rig.on(rig.client::closeCode)).isEqualTo(4401);
            assertThat(rig.clientTypes()).endsWith("error");
            rig.assertNothingLeft();
        }
    }

    @Test
    void closesAtTheTenantsLongestSession() {
        try (SessionRig rig = SessionRig.started(setup -> {
            setup.sessionLengthMax = Duration.ofSeconds(1);
            return setup;
        })) {
            rig.until("closed", () -> rig.client.closeCode() != null);
            assertThat(rig.on(rig.client::closeCode)).isEqualTo(1001);
            assertThat(rig.toClient().getLast().path("error").path("code").asText())
                    .isEqualTo("session_expired");
            rig.assertNothingLeft();
            assertThat(rig.errors).as("this is no error").isEmpty();
        }
    }

    @Test
    void drainsAnIdleSessionAtOnce() {
        try (SessionRig rig = SessionRig.started()) {
            rig.on(() -> rig.registry.drain(Duration.ofSeconds(5)));

            rig.until("closed", () -> rig.client.closeCode() != null);
            assertThat(rig.on(rig.client::closeCode)).isEqualTo(1012);
            assertThat(rig.registry.refusal().orElseThrow().kind()).isEqualTo(Kind.DRAINING);
            rig.assertNothingLeft();
        }
    }

    @Test
    void drainLetsARunningResponseFinish() {
        try (SessionRig rig = SessionRig.started()) {
            rig.clientSends("{\"type\":\"response.create\"}");
            rig.upstreamSends(
                    "{\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\",\"conversation_id\":\"c\"}}");
            rig.on(() -> rig.registry.drain(Duration.ofSeconds(5)));
            rig.clientSends("{\"type\":\"response.create\",\"event_id\":\"late\"}");
            assertThat(rig.toClient().getLast().path("error").path("code").asText())
                    .isEqualTo("node_draining");
            rig.upstreamSends("{\"type\":\"response.done\",\"response\":{\"id\":\"resp_1\",\"conversation_id\":\"c\","
                    + "\"status\":\"completed\",\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}");

            assertThat(rig.clientTypes()).endsWith("response.done", "error");
            assertThat(rig.on(rig.client::closeCode)).isEqualTo(1012);
            rig.assertNothingLeft();
        }
    }

    @Test
    void drainCutsAtTheDeadlineWithTheUsageSettled() {
        try (SessionRig rig = SessionRig.started()) {
            rig.clientSends("{\"type\":\"response.create\"}");
            rig.upstreamSends(
                    "{\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\",\"conversation_id\":\"c\"}}");
            rig.on(() -> rig.registry.drain(Duration.ofMillis(30)));

            rig.assertNothingLeft();
            assertThat(rig.on(rig.client::closeCode)).isEqualTo(1012);
            assertThat(rig.entries()).hasSize(1);
            assertThat(rig.sent("response.cancel").path("response_id").asText()).isEqualTo("resp_1");
        }
    }

    @Test
    void recordsASlowClientOnce() {
        try (SessionRig rig = SessionRig.started()) {
            rig.on(() -> {
                rig.client.lose(new LegEnd(Cause.SLOW, 1013, ""));
                return true;
            });
            rig.assertNothingLeft();
            assertThat(rig.errors).extracting(error -> error.code()).containsExactly("client_slow");
        }
    }

    @Test
    void endsWhenTheUpstreamRefusesTheLimits() {
        try (SessionRig rig = SessionRig.started()) {
            String id = rig.sent("session.update").path("event_id").asText();
            rig.upstreamSends("{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"code\":\"x\","
                    + "\"message\":\"m\",\"event_id\":\"" + id + "\"}}");

            assertThat(rig.on(rig.client::closeCode)).isEqualTo(1013);
            rig.assertNothingLeft();
        }
    }

    private static void upstreamEnds(SessionRig rig, LegEnd end) {
        rig.on(() -> {
            rig.upstream.lose(end);
            return true;
        });
    }
}
