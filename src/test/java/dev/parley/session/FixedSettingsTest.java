package dev.parley.session;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.auth.Binding;
import dev.parley.auth.Caller;
import dev.parley.domain.ModelKind;
import dev.parley.domain.ModelName;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import dev.parley.protocol.Json;
import io.vertx.core.buffer.Buffer;
import java.time.Instant;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What was fixed stays, in a call too, whose other side can change its settings past the broker. */
class FixedSettingsTest {
    private static final String BOUND =
            "{'type':'realtime','instructions':'Be brief.','audio':{'input':{'turn_detection':{'type':'server_vad'}}}}";
    /** As a provider tells it, with all that it adds. */
    private static final String BEGUN = "{'id':'sess_1','type':'realtime','instructions':'Be brief.','tools':[],"
            + "'max_output_tokens':4096,'audio':{'input':{'turn_detection':{'type':'server_vad','threshold':0.5,"
            + "'create_response':true,'idle_timeout_ms':null}},'output':{'voice':'alloy','speed':1.0}}}";

    @Test
    void noticesWhatWasChangedOfAFixedSetting() {
        assertThat(offence(BEGUN.replace("Be brief.", "Be rude."), "instructions"))
                .isEqualTo("session.instructions");
        assertThat(offence(BEGUN.replace("server_vad", "semantic_vad"), "audio.input.turn_detection"))
                .isEqualTo("session.audio.input.turn_detection");
        assertThat(offence(BEGUN.replace("alloy", "cedar"), "audio.output.voice"))
                .isEqualTo("session.audio.output.voice");
        assertThat(offence(BEGUN.replace("Be brief.", "Be rude."), Binding.ALL)).isEqualTo("session.instructions");
        assertThat(offence(BEGUN.replace("'tools':[]", "'tools':[{'type':'function'}]"), Binding.ALL))
                .isEqualTo("session.tools");
    }

    @Test
    void takesNoOffenceAtOtherSettingsNorAtWhatTheBrokerChangesItself() {
        assertThat(offence(BEGUN.replace("alloy", "cedar"), "instructions")).isEmpty();
        String bounded = BEGUN.replace("4096", "300")
                .replace("'create_response':true", "'create_response':false")
                .replace("'tools':[],", "");
        assertThat(offence(bounded, Binding.ALL)).isEmpty();
        assertThat(offence(bounded, "audio.input.turn_detection")).isEmpty();
        assertThat(offence(bounded, "max_output_tokens")).isEmpty();
    }

    private static String offence(String now, String fixed) {
        Caller caller = new Caller(
                new TenantId("acme"),
                new SubjectId("alice"),
                "parley",
                "t1",
                Instant.EPOCH,
                Instant.EPOCH,
                null,
                OptionalInt.empty(),
                false,
                new Binding(
                        "s1",
                        false,
                        ModelKind.CONVERSATION,
                        new ModelName("gpt-realtime"),
                        BOUND.replace('\'', '"'),
                        Set.of(fixed),
                        new Binding.Maker("parley", "t1")));
        return FixedSettings.of(caller)
                .offence(json(BEGUN), json(now))
                .map(refusal -> String.valueOf(refusal.param()))
                .orElse("");
    }

    private static JsonNode json(String text) {
        return Json.object(Buffer.buffer(text.replace('\'', '"'))).orElseThrow();
    }
}
