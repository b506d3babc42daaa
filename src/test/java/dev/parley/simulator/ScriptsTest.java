package dev.parley.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.conversation.Trees;
import io.vertx.core.http.HttpMethod;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ScriptsTest {
    @RegisterExtension
    static final SimulatorTester TESTER = new SimulatorTester();

    @Test
    void givesAScriptToTheNextSessionsOnly() throws Exception {
        TESTER.simulator().scripts().next(2, Script.parse("{\"createdFirst\":false}"));
        assertThat(firstEvent()).isEqualTo("conversation.created");
        assertThat(firstEvent()).isEqualTo("conversation.created");
        assertThat(firstEvent()).isEqualTo("session.created");
    }

    @Test
    void givesAScriptByKeyModelAndIntent() {
        Scripts scripts = new Scripts();
        scripts.forApiKey("k", Script.parse("{\"outputTokens\":1}"));
        scripts.forModel("m", Script.parse("{\"outputTokens\":2}"));
        scripts.add(Trees.parseObject("{\"outputTokens\":3,\"for\":{\"intent\":\"transcription\"}}"));

        assertThat(scripts.take("k", "m", null)).hasToString("{\"outputTokens\":1}");
        assertThat(scripts.take("x", "m", null)).hasToString("{\"outputTokens\":2}");
        assertThat(scripts.take("x", null, "transcription")).hasToString("{\"outputTokens\":3}");
        assertThat(scripts.take("x", "y", null)).isSameAs(Script.NONE);
    }

    @Test
    void takesScriptsOverHttp() throws Exception {
        assertThat(http(
                                HttpMethod.PUT,
                                "{\"createdFirst\":false,\"for\":{\"sessions\":1,\"apiKey\":\"sk-test-key-0001\"}}")
                        .toString())
                .isEqualTo("[{\"createdFirst\":false,\"for\":{\"apiKey\":\"***\",\"sessions\":1}}]");
        assertThat(http(HttpMethod.POST, "{\"outputTokens\":1}")).hasSize(2);
        assertThat(firstEvent()).isEqualTo("conversation.created");
        assertThat(firstEvent()).isEqualTo("session.created");
        assertThat(http(HttpMethod.GET, "").path(0).at("/for/sessions").asInt(-1))
                .isZero();
        assertThat(http(HttpMethod.DELETE, "")).isEmpty();
        assertThat(http(HttpMethod.PUT, "[{\"outputTokens\":1},{\"outputTokens\":2}]"))
                .hasSize(2);
    }

    @Test
    void refusesWrongScriptsAndKeepsTheOldOnes() throws Exception {
        TESTER.script("{\"outputTokens\":1}");
        assertThat(refusal("{\"nonsense\":1}")).contains("unknown script key 'nonsense'");
        assertThat(refusal("{\"for\":{\"who\":1}}")).contains("for.who");
        assertThat(refusal("{\"for\":{\"sessions\":0}}")).contains("for.sessions");
        assertThat(refusal("{\"for\":7}")).contains("'for' must be an object");
        assertThat(refusal("[7]")).contains("a script is a JSON object");
        assertThat(refusal("{")).contains("not valid JSON");
        assertThat(TESTER.http(HttpMethod.PUT, "/simulator/script", " ".repeat(2 << 20))
                        .statusCode())
                .isEqualTo(413);
        assertThat(http(HttpMethod.GET, "").toString()).isEqualTo("[{\"outputTokens\":1,\"for\":{}}]");
    }

    @Test
    void answersOtherPathsInTheProvidersForm() throws Exception {
        assertThat(TESTER.http(HttpMethod.GET, "/v1/models", "").bodyAsString())
                .contains("\"id\":\"gpt-realtime-2.1\"");
        assertThat(TESTER.http(HttpMethod.GET, "/v1/nothing", "").statusCode()).isEqualTo(404);
        assertThat(TESTER.http(HttpMethod.GET, "/v1/realtime", "").bodyAsString())
                .contains("WebSocket only");
        assertThat(TESTER.http(HttpMethod.PATCH, "/simulator/script", "").statusCode())
                .isEqualTo(405);
    }

    private static String firstEvent() throws Exception {
        RealtimeClient client = TESTER.conversation();
        client.await("session.created");
        client.close();
        return client.types().getFirst();
    }

    private static JsonNode http(HttpMethod method, String body) throws Exception {
        var answer = TESTER.http(method, "/simulator/script", body);
        assertThat(answer.statusCode()).isEqualTo(200);
        return Trees.parse(answer.bodyAsString());
    }

    private static String refusal(String body) throws Exception {
        var answer = TESTER.http(HttpMethod.PUT, "/simulator/script", body);
        assertThat(answer.statusCode()).isEqualTo(400);
        return Trees.parse(answer.bodyAsString()).at("/error/message").asText();
    }
}
