package dev.parley.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.domain.ModelName;
import dev.parley.tenancy.LimitName;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A tenant's settings change while its session lives. */
class TenantChangesTest {
    private static final String TRANSCRIBE =
            "{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"audio\":{\"input\":{\"transcription\":{\"model\":\"gpt-4o-transcribe\"}}}}}";
    private static final String TRANSCRIBED = SessionRig.updated(false)
            .replace("\"transcription\":null", "\"transcription\":{\"model\":\"gpt-4o-transcribe\"}");

    @Test
    void aLowerLimitOnOutputIsToldToTheProviderAndHoldsForTheNextResponse() {
        try (SessionRig rig = SessionRig.started()) {
            rig.upstreamSends(SessionRig.updated(false));

            rig.change(own -> own.with(LimitName.OUTPUT_TOKENS_MAX, 300));

            assertThat(rig.sent("session.update")
                            .at("/session/max_output_tokens")
                            .asInt())
                    .isEqualTo(300);
            rig.upstreamSends(SessionRig.updated(false).replace("4096", "300"));
            rig.clientSends("{\"type\":\"response.create\",\"response\":{\"max_output_tokens\":4000}}");
            assertThat(rig.sent("response.create")
                            .at("/response/max_output_tokens")
                            .asInt())
                    .isEqualTo(300);
            assertThat(rig.clientTypes()).containsOnly("session.created");
        }
    }

    @Test
    void whatWasAllowedBeforeIsNoOffenceOfTheProviders() {
        try (SessionRig rig = SessionRig.started()) {
            rig.upstreamSends(SessionRig.updated(false));
            rig.clientSends("{\"type\":\"response.create\"}");

            rig.change(own -> own.with(LimitName.OUTPUT_TOKENS_MAX, 300));
            rig.upstreamSends(
                    "{\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\",\"max_output_tokens\":4096,\"conversation_id\":\"conv_1\"}}");

            assertThat(rig.on(rig.client::isOpen)).isTrue();
            assertThat(rig.clientTypes()).contains("response.created");
        }
    }

    @Test
    void aModelThatIsTakenOffTheListEndsTheSession() {
        try (SessionRig rig = SessionRig.started()) {
            rig.upstreamSends(SessionRig.updated(false));

            rig.change(own -> own.withModels(Set.of(new ModelName("whisper-1"))));

            assertThat(rig.toClient().getLast().at("/error/code").asText()).isEqualTo("model_not_allowed");
            assertThat(rig.on(rig.client::isOpen)).isFalse();
        }
    }

    @Test
    void aTranscriptionModelThatIsTakenOffTheListEndsTheSession() {
        try (SessionRig rig = SessionRig.started()) {
            rig.clientSends(TRANSCRIBE);
            rig.upstreamSends(TRANSCRIBED);
            assertThat(rig.on(rig.client::isOpen)).isTrue();

            rig.change(own -> own.withModels(Set.of(new ModelName("gpt-realtime"))));

            assertThat(rig.toClient().getLast().at("/error/code").asText()).isEqualTo("model_not_allowed");
            assertThat(rig.toClient().getLast().at("/error/param").asText())
                    .isEqualTo("session.audio.input.transcription.model");
            assertThat(rig.on(rig.client::isOpen)).isFalse();
        }
    }

    @Test
    void anUpdateThatIsTooLateForItsModelEndsTheSessionWithThatReason() {
        try (SessionRig rig = SessionRig.started()) {
            rig.clientSends(TRANSCRIBE);
            rig.change(own -> own.withModels(Set.of(new ModelName("gpt-realtime"))));

            rig.upstreamSends(TRANSCRIBED);

            assertThat(rig.toClient().getLast().at("/error/code").asText()).isEqualTo("model_not_allowed");
        }
    }

    @Test
    void aShorterLongestSessionEndsOneThatRunsAlready() {
        try (SessionRig rig = SessionRig.started()) {
            rig.upstreamSends(SessionRig.updated(false));

            rig.change(own -> own.with(LimitName.SESSION_LENGTH_MAX_SECONDS, 1));

            rig.until("the client is told", () -> rig.client.types().contains("error"));
            assertThat(rig.toClient().getLast().at("/error/code").asText()).isEqualTo("session_expired");
        }
    }

    @Test
    void limitsReachTheSessionsPermit() {
        try (SessionRig rig = SessionRig.started()) {
            rig.upstreamSends(SessionRig.updated(false));
            assertThat(rig.on(() -> rig.budget.heard() == null)).isTrue();

            rig.change(own -> own.with(LimitName.RESPONSES_PER_MINUTE, 7));

            assertThat(Objects.requireNonNull(rig.on(rig.budget::heard)).limit(LimitName.RESPONSES_PER_MINUTE))
                    .hasValue(7);
        }
    }
}
