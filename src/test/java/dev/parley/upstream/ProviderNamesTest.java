package dev.parley.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.config.AccountConfig;
import dev.parley.config.AccountConfig.Profile;
import dev.parley.config.Secret;
import dev.parley.protocol.Json;
import io.vertx.core.buffer.Buffer;
import java.net.URI;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What accounts call models, where they are, and how one says who one is there. */
class ProviderNamesTest {
    private static final Buffer HERE =
            Buffer.buffer("{\"type\":\"session.update\",\"session\":{\"model\":\"gpt-realtime\","
                    + "\"audio\":{\"input\":{\"transcription\":{\"model\":\"whisper-1\"}}}}}");
    private static final Buffer THERE =
            Buffer.buffer("{\"type\":\"session.update\",\"session\":{\"model\":\"eu-talk\",\"audio\":{\"input\":"
                    + "{\"transcription\":{\"model\":\"eu-asr\"}}}}}");

    @Test
    void translatesBothModelsOfASessionsSettings() {
        ProviderNames names = new ProviderNames(Map.of("gpt-realtime", "eu-talk", "whisper-1", "eu-asr"));

        assertThat(names.toProvider(HERE).toString()).isEqualTo(THERE.toString().replace("\"model\":\"eu-talk\",", ""));
        assertThat(names.fromProvider(Json.object(THERE).orElseThrow(), THERE)).isEqualTo(HERE);
        assertThat(names.fromProvider(Json.object(HERE).orElseThrow(), HERE))
                .as("Azure may tell the model itself")
                .isEqualTo(HERE);
        assertThat(ProviderNames.SAME.toProvider(HERE)).isSameAs(HERE);
        assertThat(names.ofCall("{\"model\":\"gpt-realtime\",\"x\":1.50}"))
                .isEqualTo("{\"model\":\"eu-talk\",\"x\":1.50}");
    }

    @ParameterizedTest
    @CsvSource(nullValues = "-", textBlock = """
            OPENAI,     wss://api.openai.com/v1,               key,         /v1/realtime,        Authorization=Bearer key OpenAI-Organization=org
            AZURE,      wss://eu.openai.azure.com/openai/v1/,  key,         /openai/v1/realtime, api-key=key
            AZURE,      wss://eu.openai.azure.com,             key,         /openai/v1/realtime, api-key=key
            AZURE,      wss://eu.openai.azure.com,             eyJ0.eyJh.c, /openai/v1/realtime, Authorization=Bearer eyJ0.eyJh.c
            COMPATIBLE, ws://gateway/llm/v1,                   key,         /llm/v1/realtime,    Authorization=Bearer key
            COMPATIBLE, ws://gateway,                          -,           /realtime,           -
            """)
    void speaksToEachKindOfProviderInItsWay(Profile profile, URI url, String key, String path, String headers) {
        AccountAddress address = new AccountAddress(new AccountConfig(
                "a", profile, url, key == null ? null : new Secret(key), "org", null, null, Map.of(), 1, 1));
        Map<String, String> sent = new TreeMap<>();
        address.headers(sent::put);

        assertThat(address.path("/realtime")).isEqualTo(path);
        assertThat(String.join(
                        " ",
                        sent.entrySet().stream()
                                .map(header -> header.getKey() + '=' + header.getValue())
                                .toList()))
                .isEqualTo(headers == null ? "" : headers);
    }
}
