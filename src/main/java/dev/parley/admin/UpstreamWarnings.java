package dev.parley.admin;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** What an operator should look at in the way to the provider, node by node. Pure. */
final class UpstreamWarnings {
    private UpstreamWarnings() {}

    /** @param seen with the pools as {@link PoolJson} writes them */
    static JsonArray of(SessionFigures.Seen seen) {
        JsonArray warnings = new JsonArray();
        seen.silentNodes()
                .forEach(node -> warnings.add(warning("node_silent", node, "").put("detail", "does not answer")));
        for (Map.Entry<String, JsonObject> pool : seen.pools().entrySet()) {
            Consumer<JsonObject> add = warnings::add;
            rows(pool.getValue(), "accounts").forEach(account -> account(pool.getKey(), account, add));
            rows(pool.getValue(), "models").forEach(model -> model(pool.getKey(), model, add));
        }
        return warnings;
    }

    private static void account(String node, JsonObject account, Consumer<JsonObject> add) {
        String name = account.getString("name");
        String breaker = account.getString("breaker");
        if (!breaker.equals("closed")) {
            add.accept(warning("breaker", node, name)
                    .put(
                            "detail",
                            breaker + (account.getString("cause") == null ? "" : ": " + account.getString("cause"))));
        }
        long open = account.getLong("open");
        long most = account.getLong("sessions_max");
        if (most > 0 && open >= most) {
            add.accept(
                    warning("account_full", node, name).put("detail", "all " + most + " upstream sessions are open"));
        }
    }

    private static void model(String node, JsonObject model, Consumer<JsonObject> add) {
        long waiting = model.getLong("cl_waiting");
        if (waiting > 0) {
            add.accept(warning("pool_waits", node, model.getString("model"))
                    .put(
                            "detail",
                            waiting + " wait for an upstream session, the first for " + model.getLong("maxwait_millis")
                                    + " ms"));
        }
    }

    private static JsonObject warning(String kind, String node, String name) {
        return new JsonObject().put("kind", kind).put("node", node).put("name", name);
    }

    private static Stream<JsonObject> rows(JsonObject pool, String field) {
        return pool.getJsonArray(field).stream().map(JsonObject.class::cast);
    }
}
