package dev.parley.admin;

import dev.parley.domain.NanoUsd;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What live sessions are at, as only the nodes that serve them know. Blocks. Thread-safe. */
public interface SessionFigures {
    /** The figures of all nodes. */
    Seen look();

    /**
     * How a session stands and what has passed in it of late, as {@link SessionJson} writes it; empty if its node does
     * not tell.
     *
     * @param node that serves it
     */
    Optional<JsonObject> timeline(String session, String node);

    /**
     * What has been said in a session of late, as {@link ContentJson} writes it; empty if its node does not tell.
     *
     * @param node that serves it
     */
    Optional<JsonObject> content(String session, String node);

    /**
     * @param turns of all nodes together, as {@link RecentTurns} writes them
     * @param pools the upstream pool of each node that told of it, by its name, as {@link PoolJson} writes it
     * @param silentNodes those that did not answer in time
     */
    record Seen(
            Map<String, Figure> figures,
            List<JsonArray> turns,
            Map<String, JsonObject> pools,
            List<String> silentNodes) {}

    /** @param spent what the session's committed or committing usage entries cost */
    record Figure(String phase, int openResponses, NanoUsd spent) {}
}
