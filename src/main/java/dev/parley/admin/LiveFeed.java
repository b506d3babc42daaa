package dev.parley.admin;

import dev.parley.administration.Reports;
import dev.parley.concurrent.Blocking;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The live sessions of all nodes, once a second while anybody watches: their permits from the database, their figures from
 * the nodes themselves. Watchers hear what has changed; one that is new or was too slow hears everything. Confined to the
 * event loop that it is made for; the looking is done on virtual threads.
 */
public final class LiveFeed {
    /** The fields of a row, in their order. */
    static final List<String> COLUMNS = List.of(
            "id", "tenant", "subject", "model", "node", "started_at", "phase", "open_responses", "cost_nano_usd");

    private static final long PERIOD_MILLIS = 1_000;
    private static final Logger LOGGER = LoggerFactory.getLogger(LiveFeed.class);

    private final Vertx vertx;
    private final Blocking blocking;
    private final Reports reports;
    private final SessionFigures figures;
    private final Set<Watcher> watchers = ConcurrentHashMap.newKeySet();
    private Map<String, String> rows = Map.of();
    private String silent = "[]";
    private boolean looking;
    private boolean known;
    private long timer = -1;

    public LiveFeed(Vertx vertx, Blocking blocking, Reports reports, SessionFigures figures) {
        this.vertx = vertx;
        this.blocking = blocking;
        this.reports = reports;
        this.figures = figures;
    }

    /** Somebody who watches. */
    interface Watcher {
        /** Whether more may be written to it now. */
        boolean takesMore();

        /** Whether it has heard everything so far. */
        boolean current();

        void tell(String event, String data);
    }

    void add(Watcher watcher) {
        watchers.add(watcher);
        if (timer < 0) {
            known = false;
            timer = vertx.setPeriodic(0, PERIOD_MILLIS, _ -> look());
        } else if (known && watcher.takesMore()) {
            watcher.tell("snapshot", snapshot());
        }
    }

    void remove(Watcher watcher) {
        watchers.remove(watcher);
        if (watchers.isEmpty() && timer >= 0) {
            vertx.cancelTimer(timer);
            timer = -1;
            rows = Map.of();
        }
    }

    private void look() {
        if (looking) {
            return;
        }
        looking = true;
        blocking.call(this::see).onComplete(seen -> {
            looking = false;
            if (seen.succeeded()) {
                publish(seen.result());
            } else {
                LOGGER.atDebug().setCause(seen.cause()).log("the live sessions cannot be read now");
                watchers.stream().filter(Watcher::takesMore).forEach(watcher -> watcher.tell("stale", "{}"));
            }
        });
    }

    /** On a virtual thread. */
    private Seen see() {
        SessionFigures.Seen seen = figures.look();
        Map<String, String> all = new LinkedHashMap<>();
        for (JsonObject session : reports.liveSessions()) {
            String id = session.getString("id");
            SessionFigures.Figure figure = seen.figures().get(id);
            all.put(id, row(session, figure).encode());
        }
        return new Seen(all, new JsonArray(seen.silentNodes()).encode());
    }

    private static JsonArray row(JsonObject session, SessionFigures.@Nullable Figure figure) {
        JsonArray row = new JsonArray();
        COLUMNS.subList(0, 6).forEach(column -> row.add(session.getValue(column)));
        if (figure == null) {
            return row.addNull().addNull().addNull();
        }
        return row.add(figure.phase())
                .add(figure.openResponses())
                .add(Long.toString(figure.spent().value()));
    }

    private void publish(Seen seen) {
        List<String> changed = new ArrayList<>();
        seen.rows().forEach((id, row) -> {
            if (!Objects.equals(rows.get(id), row)) {
                changed.add(row);
            }
        });
        List<String> gone = rows.keySet().stream()
                .filter(id -> !seen.rows().containsKey(id))
                .toList();
        rows = seen.rows();
        silent = seen.silent();
        known = true;
        String delta = data(changed, gone);
        String whole = null;
        for (Watcher watcher : watchers) {
            if (!watcher.takesMore()) {
                continue;
            }
            if (watcher.current()) {
                watcher.tell("delta", delta);
            } else {
                whole = whole == null ? snapshot() : whole;
                watcher.tell("snapshot", whole);
            }
        }
    }

    private String snapshot() {
        return data(rows.values(), List.of());
    }

    private String data(Iterable<String> changed, List<String> gone) {
        return "{\"at\":\"" + Instant.ofEpochMilli(System.currentTimeMillis()) + "\",\"rows\":["
                + String.join(",", changed) + "],\"gone\":" + new JsonArray(gone).encode() + ",\"silent_nodes\":"
                + silent
                + "}";
    }

    /** @param rows by session, each as the JSON that goes out */
    private record Seen(Map<String, String> rows, String silent) {}
}
