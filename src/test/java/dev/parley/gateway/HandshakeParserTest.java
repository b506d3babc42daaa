package dev.parley.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.domain.ModelKind;
import dev.parley.domain.ModelName;
import dev.parley.domain.Refusal;
import dev.parley.gateway.HandshakeParser.Outcome;
import io.vertx.core.MultiMap;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class HandshakeParserTest {
    @Test
    void readsAConversation() {
        Handshake handshake = valid("model=gpt-realtime&unknown=1", bearer("t"));

        assertThat(handshake.kind()).isEqualTo(ModelKind.CONVERSATION);
        assertThat(handshake.model()).isEqualTo(new ModelName("gpt-realtime"));
        assertThat(Objects.requireNonNull(handshake.credential()).reveal()).isEqualTo("t");
        assertThat(handshake.toString()).doesNotContain("=t");
    }

    @Test
    void readsAReturnFromTheUrlOrTheHeadersWhateverElseIsThere() {
        for (Outcome outcome : List.of(
                HandshakeParser.parse(
                        ModelKind.CONVERSATION, "session_id=sess_1&last_event_id=event_7&model=m", bearer("t")),
                HandshakeParser.parse(
                        ModelKind.CONVERSATION,
                        null,
                        bearer("t").add("Parley-Session-Id", "sess_1").add("Last-Event-ID", "event_7")))) {
            assertThat(outcome).isInstanceOfSatisfying(Outcome.Resuming.class, resuming -> {
                assertThat(resuming.request().session()).isEqualTo("sess_1");
                assertThat(resuming.request().lastEventId()).isEqualTo("event_7");
                assertThat(Objects.requireNonNull(resuming.request().credential())
                                .reveal())
                        .isEqualTo("t");
                assertThat(resuming.request().ticket()).isNull();
            });
        }
    }

    @Test
    void aSidebandIsAReturnToTheSessionOfItsCall() {
        assertThat(HandshakeParser.parse(ModelKind.CONVERSATION, "call_id=rtc_1", bearer("t")))
                .isInstanceOfSatisfying(
                        Outcome.Resuming.class,
                        resuming -> assertThat(resuming.request().session()).isEqualTo("rtc_1"));
    }

    @Test
    void refusesAReturnThatNamesTwoSessionsOrNoId() {
        assertThat(HandshakeParser.parse(ModelKind.CONVERSATION, "session_id=a&session_id=b", bearer("t")))
                .isInstanceOf(Outcome.Invalid.class);
        assertThat(HandshakeParser.parse(
                        ModelKind.CONVERSATION, "session_id=a", bearer("t").add("Parley-Session-Id", "b")))
                .isInstanceOf(Outcome.Invalid.class);
        for (String bad : List.of("", "%22", "a%0d%0ab", "x".repeat(129))) {
            assertThat(HandshakeParser.parse(ModelKind.CONVERSATION, "session_id=" + bad, bearer("t")))
                    .as(bad)
                    .isInstanceOf(Outcome.Invalid.class);
            assertThat(HandshakeParser.parse(ModelKind.CONVERSATION, "session_id=a&last_event_id=" + bad, bearer("t")))
                    .as(bad)
                    .isInstanceOf(Outcome.Invalid.class);
        }
    }

    @Test
    void readsATranscriptionWithAndWithoutModel() {
        assertThat(valid("intent=transcription", bearer("t")).model()).isNull();
        Handshake both = valid("model=whisper-1&intent=transcription", bearer("t"));
        assertThat(both.kind()).isEqualTo(ModelKind.TRANSCRIPTION);
        assertThat(both.model()).isEqualTo(new ModelName("whisper-1"));
    }

    @Test
    void takesTheTokenFromSubprotocolsInOneLineOrSeveral() {
        MultiMap oneLine = headers("Sec-WebSocket-Protocol", "realtime, openai-insecure-api-key.t");
        MultiMap lines = headers("Sec-WebSocket-Protocol", "realtime")
                .add("Sec-WebSocket-Protocol", "openai-insecure-api-key.t");
        for (MultiMap headers : new MultiMap[] {oneLine, lines}) {
            assertThat(Objects.requireNonNull(valid("model=m", headers).credential())
                            .reveal())
                    .isEqualTo("t");
        }
    }

    @Test
    void acceptsTheSameCredentialTwiceAndRefusesTwoDifferent() {
        MultiMap same = bearer("t").add("Sec-WebSocket-Protocol", "realtime, openai-insecure-api-key.t");
        assertThat(Objects.requireNonNull(valid("model=m", same).credential()).reveal())
                .isEqualTo("t");
        MultiMap different = bearer("t").add("Sec-WebSocket-Protocol", "realtime, openai-insecure-api-key.u");
        assertThat(code("model=m", different)).isEqualTo("conflicting_credentials");
    }

    @Test
    void leavesAMissingCredentialToTheOpener() {
        assertThat(valid("model=m", MultiMap.caseInsensitiveMultiMap()).credential())
                .isNull();
    }

    @Test
    void refusesWhatIsNotOneOfTheThreeForms() {
        assertThat(code(null, bearer("t"))).isEqualTo("missing_model");
        assertThat(code("", bearer("t"))).isEqualTo("missing_model");
        assertThat(code("model=", bearer("t"))).isEqualTo("invalid_model");
        assertThat(code("model=" + "x".repeat(129), bearer("t"))).isEqualTo("invalid_model");
        assertThat(code("model=a&model=b", bearer("t"))).isEqualTo("duplicate_parameter");
        assertThat(code("intent=", bearer("t"))).isEqualTo("invalid_intent");
        assertThat(code("intent=other&model=m", bearer("t"))).isEqualTo("invalid_intent");
        assertThat(code("model=%zz", bearer("t"))).isEqualTo("invalid_query");
    }

    @Test
    void tellsBetaClientsByHeaderAndBySubprotocol() {
        assertThat(valid("model=m", bearer("t")).beta()).isFalse();
        assertThat(valid("model=m", bearer("t").add("OpenAI-Beta", "assistants=v2, realtime=v1"))
                        .beta())
                .isTrue();
        assertThat(valid("model=m", bearer("t").add("Sec-WebSocket-Protocol", "realtime, openai-beta.realtime-v1"))
                        .beta())
                .isTrue();
    }

    @Test
    void refusesCredentialsInTheQueryAndDoesNotRepeatThem() {
        for (String name : new String[] {"api-key", "api_key", "API_KEY", "access_token", "token"}) {
            Refusal refusal = refusal("model=m&" + name + "=canary", bearer("t"));
            assertThat(refusal.code()).isEqualTo("credential_in_query");
            assertThat(refusal.toString()).doesNotContain("canary");
        }
    }

    @Test
    void refusesOtherAuthorizationSchemes() {
        assertThat(code("model=m", headers("Authorization", "Basic abc"))).isEqualTo("invalid_authorization_header");
        assertThat(code("model=m", bearer("x".repeat(9_000)))).isEqualTo("invalid_authorization_header");
    }

    private static Handshake valid(@Nullable String query, MultiMap headers) {
        Outcome outcome = HandshakeParser.parse(ModelKind.CONVERSATION, query, headers);
        assertThat(outcome).isInstanceOf(Outcome.Valid.class);
        return ((Outcome.Valid) outcome).handshake();
    }

    private static String code(@Nullable String query, MultiMap headers) {
        return refusal(query, headers).code();
    }

    private static Refusal refusal(@Nullable String query, MultiMap headers) {
        Outcome outcome = HandshakeParser.parse(ModelKind.CONVERSATION, query, headers);
        assertThat(outcome).isInstanceOf(Outcome.Invalid.class);
        return ((Outcome.Invalid) outcome).refusal();
    }

    private static MultiMap bearer(String token) {
        return headers("Authorization", "Bearer " + token);
    }

    private static MultiMap headers(String name, String value) {
        return MultiMap.caseInsensitiveMultiMap().add(name, value);
    }
}
