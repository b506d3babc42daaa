package dev.parley.clients;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.gateway.BrokerRig;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The conversations that {@code BetaDialectTest} translates, held by both clients; {@code -Ddialect.record=true} makes its files anew. */
abstract class RecordedConversations {
    private static final String CLIENT_CLASS = "OpenAIRealtimeWS";
    private static final String BETA_NAME = "gpt-4o-realtime-preview";
    private static final String MODEL = "gpt-realtime-1.5";

    @ParameterizedTest
    @CsvSource({"conversation, recorded", "transcription, recordedTranscription"})
    final void areAsTheirFilesHaveThem(String name, String scenario) throws Exception {
        BrokerRig rig = OpenAiClientsIT.rig()
                .tenant(name)
                .script("{\"outputTokens\":3,\"audioDeltaBytes\":4000,\"deltaIntervalMillis\":2}");
        JsonNode ga = OpenAiClientsIT.player("ga", CLIENT_CLASS).record(scenario, MODEL, rig.token(name));
        JsonNode beta = OpenAiClientsIT.player("beta", CLIENT_CLASS).record(scenario, BETA_NAME, rig.token(name));

        DialectRecording recording = DialectRecording.of(ga.path("log"), beta.path("log"));
        if (Boolean.getBoolean("dialect.record")) {
            recording.write(name);
        }
        recording.assertIs(name);
    }
}
