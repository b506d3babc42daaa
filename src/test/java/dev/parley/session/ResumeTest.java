package dev.parley.session;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.auth.Caller;
import dev.parley.concurrent.Eventually;
import dev.parley.domain.ModelName;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.domain.SessionId;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import dev.parley.relay.LegEnd;
import dev.parley.relay.LegEnd.Cause;
import dev.parley.tenancy.LimitName;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A session whose client is lost, and comes back or does not. */
class ResumeTest {
    private static final LegEnd LOST = new LegEnd(Cause.PEER_LOST, 1006, "");
    private static final String CREATED =
            "{\"type\":\"response.created\",\"event_id\":\"event_2\",\"response\":{\"id\":\"resp_1\",\"conversation_id\":\"c\"}}";

    @Test
    void aClientThatComesBackGetsWhatItMissedAndGoesOn() {
        try (SessionRig rig = parkable()) {
            rig.clientSends("{\"type\":\"response.create\"}");
            rig.upstreamSends(CREATED);
            rig.upstreamSends(delta(3));
            rig.clientLost(LOST);
            rig.upstreamSends(delta(4));
            rig.upstreamSends(done(5));

            FakeLeg back = rig.resume("event_3");
            rig.upstreamSends(delta(6));

            assertThat(ids(rig, back)).containsExactly("event_4", "event_5", "event_6");
            assertThat(rig.entries())
                    .as("usage is settled while nobody is there")
                    .hasSize(1);
            rig.on(() -> {
                back.receive("{\"type\":\"response.create\",\"event_id\":\"mine\"}");
                return true;
            });
            assertThat(rig.sent("response.create").path("event_id").asText()).isEqualTo("mine");
            end(rig, back);
        }
    }

    @Test
    void whoComesBackWithoutALastEventGetsAllOfThem() {
        try (SessionRig rig = parkable()) {
            rig.upstreamSends(delta(2));
            rig.clientLost(LOST);

            FakeLeg back = rig.resume(null);

            assertThat(ids(rig, back)).containsExactly("event_1", "event_2");
            end(rig, back);
        }
    }

    @Test
    void theBrokersOwnEventsAreAmongThem() {
        try (SessionRig rig = parkable()) {
            rig.clientSends("nonsense");
            rig.upstreamSends(delta(2));
            rig.clientLost(LOST);

            FakeLeg back = rig.resume("event_1");

            assertThat(types(rig, back)).containsExactly("error", "response.output_text.delta");
            end(rig, back);
        }
    }

    @Test
    void aLostEventIsAnnounced() {
        try (SessionRig rig = parkable(setup -> {
            setup.backlogBytesMax = 16 << 10;
            return setup;
        })) {
            rig.clientLost(LOST);
            for (int n = 2; n < 200; n++) {
                rig.upstreamSends(delta(n));
            }

            FakeLeg back = rig.resume("event_1");

            JsonNode first = rig.on(back::events).getFirst();
            assertThat(first.path("type").asText()).isEqualTo("parley.discontinuity");
            assertThat(first.path("last_event_id").asText()).isEqualTo("event_1");
            List<String> ids = ids(rig, back);
            assertThat(ids.get(1)).isEqualTo(first.path("next_event_id").asText());
            assertThat(ids.getLast()).isEqualTo("event_199");
            end(rig, back);
        }
    }

    @Test
    void aSecondConnectionTakesALiveSessionOver() {
        try (SessionRig rig = parkable()) {
            FakeLeg second = rig.resume("event_1");
            rig.upstreamSends(delta(2));

            assertThat(rig.on(rig.client::closeCode)).isEqualTo(4409);
            assertThat(rig.clientTypes()).containsExactly("session.created");
            assertThat(ids(rig, second)).containsExactly("event_2");
            end(rig, second);
        }
    }

    @Test
    void theSessionEndsWhenNobodyComesBack() {
        try (SessionRig rig = parkable(setup -> window(setup, 1))) {
            rig.clientSends("{\"type\":\"response.create\"}");
            rig.upstreamSends(CREATED);
            rig.clientLost(LOST);
            assertThat(rig.on(() -> rig.registry.snapshots().getFirst().phase()))
                    .isEqualTo("PARKED");

            rig.assertNothingLeft();
            assertThat(rig.sent("response.cancel").path("response_id").asText()).isEqualTo("resp_1");
            assertThat(rig.errors).extracting(error -> error.code()).containsExactly("client_lost");
            assertThat(rig.registry.find("sess_1")).isEmpty();
        }
    }

    @Test
    void whoSaysGoodbyeIsNotWaitedFor() {
        for (LegEnd end : List.of(
                new LegEnd(Cause.PEER_CLOSED, 1000, ""),
                new LegEnd(Cause.PEER_CLOSED, 1001, ""),
                new LegEnd(Cause.PEER_CLOSED, 1005, ""),
                new LegEnd(Cause.PROTOCOL_ERROR, 1002, ""),
                new LegEnd(Cause.LIMIT, 1009, ""))) {
            try (SessionRig rig = parkable()) {
                rig.clientLost(end);
                rig.assertNothingLeft();
            }
        }
    }

    @Test
    void whoIsCutOffIsWaitedFor() {
        for (LegEnd end : List.of(
                new LegEnd(Cause.PEER_CLOSED, 4000, ""),
                new LegEnd(Cause.TIMEOUT, 1011, ""),
                new LegEnd(Cause.SLOW, 1013, ""),
                LOST)) {
            try (SessionRig rig = parkable()) {
                rig.clientLost(end);
                end(rig, rig.resume("event_1"));
            }
        }
    }

    @Test
    void nobodyIsWaitedForWhenTheTenantWantsItSo() {
        try (SessionRig rig = SessionRig.started()) {
            rig.clientLost(LOST);
            rig.assertNothingLeft();
        }
    }

    @Test
    void onlyTheSameTenantAndSubjectWithTheModelMayComeBack() {
        try (SessionRig rig = parkable()) {
            Caller own = rig.order().caller();
            LiveSession session = rig.registry.find("sess_1").orElseThrow();

            assertThat(session.mayBeResumedBy(own)).isTrue();
            assertThat(session.mayBeResumedBy(caller(own, "acme", "bob", null))).isFalse();
            assertThat(session.mayBeResumedBy(caller(own, "other", "alice", null)))
                    .isFalse();
            assertThat(session.mayBeResumedBy(caller(own, "acme", "alice", Set.of(new ModelName("gpt-other")))))
                    .isFalse();
            assertThat(rig.registry.find(session.id().value())).contains(session);
        }
    }

    @Test
    void nobodyComesBackBeforeTheSessionHasBegun() {
        SessionRig.Setup setup = window(new SessionRig.Setup(), 20);
        setup.voiceActivity = true;
        try (SessionRig rig = new SessionRig(setup)) {
            Promise<Void> decision = rig.on(rig.budget::delayDecisions);
            rig.start();
            LiveSession session = rig.registry.find("sess_1").orElseThrow();
            assertThat(session.mayBeResumedBy(rig.order().caller())).isFalse();

            decision.complete();
            rig.until("it has begun", () -> session.mayBeResumedBy(rig.order().caller()));
            end(rig, rig.resume("event_1"));
        }
    }

    @Test
    void aResponseThatStartsUnattendedIsCancelledAndAFurtherOneEndsTheSession() {
        try (SessionRig rig = parkable(setup -> {
            setup.voiceActivity = true;
            return setup;
        })) {
            rig.upstreamSends(SessionRig.updated(true));
            NanoUsd before = rig.on(rig.budget::reserved);
            rig.clientLost(LOST);
            rig.upstreamSends(CREATED);
            assertThat(rig.sent("response.cancel").path("response_id").asText()).isEqualTo("resp_1");
            assertThat(rig.on(rig.budget::reserved))
                    .as("nothing more is reserved")
                    .isLessThanOrEqualTo(before);
            rig.upstreamSends(done(3));

            rig.upstreamSends(CREATED.replace("resp_1", "resp_2"));

            rig.assertNothingLeft();
            assertThat(rig.entries()).hasSize(2);
        }
    }

    @Test
    void whatRunsUnattendedCostsNoMoreThanWasReservedForIt() {
        try (SessionRig rig = parkable(setup -> {
            setup.voiceActivity = true;
            return setup;
        })) {
            rig.upstreamSends(SessionRig.updated(true));
            rig.clientSends("{\"type\":\"response.create\"}");
            rig.upstreamSends(CREATED);
            rig.clientLost(LOST);
            NanoUsd left = rig.on(rig.budget::reserved);

            rig.upstreamSends(done(3));
            NanoUsd after = rig.on(rig.budget::reserved);
            rig.upstreamSends("{\"type\":\"input_audio_buffer.speech_started\",\"event_id\":\"event_4\"}");
            rig.upstreamSends(CREATED.replace("resp_1", "resp_2"));
            rig.upstreamSends(done(5).replace("resp_1", "resp_2"));

            assertThat(rig.on(rig.budget::reserved))
                    .as("nothing more is reserved")
                    .isLessThanOrEqualTo(after);
            assertThat(rig.on(rig.budget::spent)).isGreaterThan(NanoUsd.ZERO).isLessThanOrEqualTo(left);
            end(rig, rig.resume("event_1"));
        }
    }

    @Test
    void whatTheClientHadAskedForIsStillDecidedAndDone() {
        try (SessionRig rig = parkable()) {
            Promise<Void> decision = rig.on(rig.budget::delayDecisions);
            rig.clientSends("{\"type\":\"response.create\",\"event_id\":\"mine\"}");
            rig.clientLost(LOST);
            decision.complete();
            assertThat(rig.sent("response.create").path("event_id").asText()).isEqualTo("mine");
            rig.upstreamSends(CREATED);
            rig.upstreamSends(done(3));

            FakeLeg back = rig.resume("event_1");

            assertThat(types(rig, back)).containsExactly("response.created", "response.done");
            assertThat(rig.entries()).hasSize(1);
            end(rig, back);
        }
    }

    @Test
    void aClientThatIsBackHearsOfUsageOnlyWhenItIsCommitted() {
        try (SessionRig rig = parkable()) {
            rig.clientSends("{\"type\":\"response.create\"}");
            rig.upstreamSends(CREATED);
            rig.clientLost(LOST);
            rig.on(() -> {
                rig.ledger.goAway();
                return true;
            });
            rig.upstreamSends(done(3));
            rig.upstreamSends(delta(4));

            FakeLeg back = rig.resume("event_1");
            assertThat(ids(rig, back)).containsExactly("event_2");
            rig.on(() -> {
                rig.ledger.comeBack();
                return true;
            });

            assertThat(ids(rig, back)).containsExactly("event_2", "event_3", "event_4");
            end(rig, back);
        }
    }

    @Test
    void anOperatorEndsAParkedSession() {
        try (SessionRig rig = parkable()) {
            SessionId id = rig.order().id();
            rig.clientLost(LOST);

            assertThat(Eventually.result(
                            rig.registry.end(id, Refusal.of(Kind.FORBIDDEN, "session_ended", "ended by an operator"))))
                    .isTrue();

            rig.assertNothingLeft();
            assertThat(rig.registry.find("sess_1")).isEmpty();
        }
    }

    @Test
    void aParkedSessionLastsNoLongerThanASessionMay() {
        try (SessionRig rig = parkable(setup -> {
            setup.sessionLengthMax = Duration.ofSeconds(1);
            return setup;
        })) {
            rig.clientLost(LOST);
            rig.assertNothingLeft();
        }
    }

    @Test
    void responsesStartAgainWhenTheClientIsBack() {
        try (SessionRig rig = parkable(setup -> {
            setup.voiceActivity = true;
            return setup;
        })) {
            rig.upstreamSends(SessionRig.updated(true));
            rig.clientLost(LOST);
            rig.upstreamSends(CREATED);
            rig.upstreamSends(done(3));
            FakeLeg back = rig.resume("event_1");

            rig.upstreamSends(CREATED.replace("resp_1", "resp_2"));

            assertThat(rig.toUpstream())
                    .filteredOn(event -> event.path("type").asText().equals("response.cancel"))
                    .hasSize(1);
            end(rig, back);
        }
    }

    @Test
    void aParkedSessionEndsWhenItsTokenDoes() {
        try (SessionRig rig = parkable(setup -> {
            setup.recheckInterval = Duration.ofMillis(20);
            return setup;
        })) {
            rig.clientLost(LOST);
            rig.refuseAtRecheck(Refusal.of(Kind.UNAUTHENTICATED, "token_expired", "The token has expired."));
            rig.assertNothingLeft();
        }
    }

    @Test
    void aParkedSessionEndsWithADrainAndWithItsUpstream() {
        try (SessionRig rig = parkable()) {
            rig.clientLost(LOST);
            rig.on(() -> rig.registry.drain(Duration.ofSeconds(5)));
            rig.assertNothingLeft();
        }
        try (SessionRig rig = parkable()) {
            rig.clientLost(LOST);
            rig.on(() -> {
                rig.upstream.lose(LOST);
                return true;
            });
            rig.assertNothingLeft();
        }
    }

    @Test
    void whoComesTooLateIsToldSo() {
        try (SessionRig rig = parkable()) {
            LiveSession session = rig.registry.find("sess_1").orElseThrow();
            rig.clientLost(new LegEnd(Cause.PEER_CLOSED, 1000, ""));
            FakeLeg late = new FakeLeg();
            rig.on(() -> {
                session.resume(new Arrival(late, false, rig.order().caller(), null));
                return true;
            });

            assertThat(rig.on(late::closeCode)).isEqualTo(4404);
            assertThat(types(rig, late)).containsExactly("error");
            rig.assertNothingLeft();
        }
    }

    private static SessionRig parkable() {
        return parkable(setup -> setup);
    }

    private static SessionRig parkable(UnaryOperator<SessionRig.Setup> change) {
        return SessionRig.started(setup -> change.apply(window(setup, 20)));
    }

    private static SessionRig.Setup window(SessionRig.Setup setup, int seconds) {
        setup.settings = own -> own.with(LimitName.RESUME_WINDOW_SECONDS, seconds);
        return setup;
    }

    private static void end(SessionRig rig, FakeLeg client) {
        rig.on(() -> {
            client.lose(new LegEnd(Cause.PEER_CLOSED, 1000, ""));
            return true;
        });
        rig.assertNothingLeft();
    }

    private static Caller caller(Caller own, String tenant, String subject, @Nullable Set<ModelName> models) {
        return new Caller(
                new TenantId(tenant),
                new SubjectId(subject),
                own.issuer(),
                own.tokenId(),
                own.issuedAt(),
                own.expiresAt(),
                models,
                own.outputTokensMax());
    }

    private static String delta(int number) {
        return "{\"type\":\"response.output_text.delta\",\"event_id\":\"event_" + number
                + "\",\"response_id\":\"resp_1\",\"delta\":\"" + "words ".repeat(20) + "\"}";
    }

    private static String done(int number) {
        return "{\"type\":\"response.done\",\"event_id\":\"event_" + number
                + "\",\"response\":{\"id\":\"resp_1\",\"conversation_id\":\"c\",\"status\":\"completed\","
                + "\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}";
    }

    private static List<String> ids(SessionRig rig, FakeLeg leg) {
        return rig.on(leg::events).stream()
                .map(event -> event.path("event_id").asText())
                .toList();
    }

    private static List<String> types(SessionRig rig, FakeLeg leg) {
        return rig.on(leg::types);
    }
}
