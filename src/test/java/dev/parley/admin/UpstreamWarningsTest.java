package dev.parley.admin;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class UpstreamWarningsTest {
    @Test
    void nothingToSayOfAHealthyPool() {
        assertThat(warnings(account("closed", null, 3, 10), model(0, 0))).isEmpty();
    }

    @Test
    void tellsOfBreakersWithTheirCause() {
        assertThat(warnings(account("locked", "invalid_api_key", 0, 10), model(0, 0)))
                .containsExactly("breaker one main locked: invalid_api_key");
    }

    @Test
    void tellsOfFullAccountsAndOfThoseWhoWait() {
        assertThat(warnings(account("closed", null, 10, 10), model(4, 1_250)))
                .containsExactly(
                        "account_full one main all 10 upstream sessions are open",
                        "pool_waits one gpt-realtime 4 wait for an upstream session, the first for 1250 ms");
    }

    @Test
    void tellsOfNodesThatDoNotAnswer() {
        JsonArray warnings =
                UpstreamWarnings.of(new SessionFigures.Seen(Map.of(), List.of(), Map.of(), List.of("two")));
        assertThat(words(warnings)).containsExactly("node_silent two  does not answer");
    }

    private static List<String> warnings(JsonObject account, JsonObject model) {
        JsonObject pool = new JsonObject()
                .put("accounts", new JsonArray().add(account))
                .put("models", new JsonArray().add(model));
        return words(UpstreamWarnings.of(new SessionFigures.Seen(Map.of(), List.of(), Map.of("one", pool), List.of())));
    }

    private static List<String> words(JsonArray warnings) {
        return warnings.stream()
                .map(JsonObject.class::cast)
                .map(one -> one.getString("kind") + " " + one.getString("node") + " " + one.getString("name") + " "
                        + one.getString("detail"))
                .toList();
    }

    private static JsonObject account(String breaker, @Nullable String cause, int open, int most) {
        return new JsonObject()
                .put("name", "main")
                .put("breaker", breaker)
                .put("cause", cause)
                .put("open", open)
                .put("sessions_max", most);
    }

    private static JsonObject model(int waiting, long millis) {
        return new JsonObject()
                .put("model", "gpt-realtime")
                .put("cl_waiting", waiting)
                .put("maxwait_millis", millis);
    }
}
