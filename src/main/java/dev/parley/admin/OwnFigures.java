package dev.parley.admin;

import dev.parley.admin.SessionFigures.Figure;
import dev.parley.concurrent.Ticker;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.SessionId;
import dev.parley.pool.PoolSnapshot;
import dev.parley.session.SessionRegistry;
import dev.parley.session.SessionSnapshot;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** The figures of this node's sessions, and how they travel to another node. Thread-safe. */
final class OwnFigures {
    private final SessionRegistry registry;
    private final RecentTurns turns;
    private final Supplier<PoolSnapshot> pool;
    private final Ticker ticker;

    OwnFigures(SessionRegistry registry, RecentTurns turns, Supplier<PoolSnapshot> pool, Ticker ticker) {
        this.pool = pool;
        this.registry = registry;
        this.turns = turns;
        this.ticker = ticker;
    }

    /** How quick the last turns were: a row each. */
    JsonArray turns() {
        return turns.rows(ticker.now());
    }

    /** The way to the provider, as it is now. */
    JsonObject pool() {
        return PoolJson.of(pool.get());
    }

    Map<String, Figure> look() {
        Map<String, Figure> figures = new HashMap<>();
        for (SessionSnapshot session : registry.snapshots()) {
            figures.put(session.id().value(), new Figure(session.phase(), session.openResponses(), session.spent()));
        }
        return figures;
    }

    Future<Optional<JsonObject>> timeline(String session) {
        SessionId id = new SessionId(session);
        return registry.detail(id)
                .map(found ->
                        found.map(SessionJson::of).or(() -> registry.ended(id).map(SessionJson::of)));
    }

    Future<Optional<JsonObject>> content(String session) {
        return registry.content(new SessionId(session)).map(found -> found.map(ContentJson::of));
    }

    /** For the wire: a row each. */
    JsonArray rows() {
        JsonArray rows = new JsonArray();
        look().forEach((id, figure) -> rows.add(new JsonArray()
                .add(id)
                .add(figure.phase())
                .add(figure.openResponses())
                .add(figure.spent().value())));
        return rows;
    }

    static void read(JsonArray rows, Map<String, Figure> into) {
        for (int i = 0; i < rows.size(); i++) {
            JsonArray row = rows.getJsonArray(i);
            into.put(row.getString(0), new Figure(row.getString(1), row.getInteger(2), new NanoUsd(row.getLong(3))));
        }
    }
}
