package dev.parley.session;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.protocol.Json;
import io.vertx.core.buffer.Buffer;
import org.junit.jupiter.api.Test;

/** Which settings another upstream is given. */
class SettingsReplayTest {
    private static final String CREATED =
            "{'type':'realtime','object':'realtime.session','id':'sess_2','model':'gpt-realtime-base','expires_at':2,"
                    + "'instructions':'default','tools':[],'max_output_tokens':'inf','speed_of_light':1,'audio':{'input':"
                    + "{'format':{'type':'audio/pcm','rate':24000},'transcription':null,'turn_detection':{'type':'server_vad'}},"
                    + "'output':{'voice':'marin','speed':1.0}}}";

    @Test
    void isWhatDiffersAndWhatCostsMoneyButNoFactOfTheOldOne() {
        JsonNode told = read(CREATED.replace("sess_2", "sess_1")
                .replace("gpt-realtime-base", "gpt-realtime")
                .replace("'default'", "'be brief'")
                .replace("'marin'", "'cedar'")
                .replace("'inf'", "4096")
                .replace("'expires_at':2", "'expires_at':1"));

        assertThat(SettingsReplay.update(told, read(CREATED)))
                .isEqualTo(
                        read(
                                "{'type':'realtime','instructions':'be brief','max_output_tokens':4096,'audio':{'input':"
                                        + "{'transcription':null,'turn_detection':{'type':'server_vad'}},'output':{'voice':'cedar'}}}"));
    }

    @Test
    void clearsWhatTheOtherBeginsWithAndTheClientCleared() {
        JsonNode told = read(CREATED.replace("{'type':'server_vad'}", "null"));
        assertThat(SettingsReplay.update(told, read(CREATED))
                        .at("/audio/input/turn_detection")
                        .isNull())
                .isTrue();
    }

    @Test
    void carriesSettingsThatTheBrokerDoesNotKnow() {
        JsonNode told = read(CREATED.replace("'speed_of_light':1", "'speed_of_light':{'unit':'c'}"));
        assertThat(SettingsReplay.update(told, read(CREATED))
                        .at("/speed_of_light/unit")
                        .asText())
                .isEqualTo("c");
    }

    @Test
    void isNotPossibleWithToolsWhoseCredentialsNobodyTells() {
        assertThat(SettingsReplay.isPossible(read(CREATED))).isTrue();
        assertThat(SettingsReplay.isPossible(read(CREATED.replace("[]", "[{'type':'mcp','server_label':'x'}]"))))
                .isFalse();
    }

    private static JsonNode read(String json) {
        return Json.object(Buffer.buffer(json.replace('\'', '"'))).orElseThrow();
    }
}
