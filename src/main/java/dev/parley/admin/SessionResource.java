package dev.parley.admin;

import dev.parley.administration.Orders;
import dev.parley.administration.Permission;
import dev.parley.administration.Reports;
import dev.parley.domain.SessionId;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Optional;

/** Sessions on all nodes. */
final class SessionResource {
    private static final int USAGE_MAX = 1_000;

    private final Reports reports;
    private final Orders orders;
    private final SessionFigures figures;
    private final Changes changes;

    SessionResource(Reports reports, Orders orders, SessionFigures figures, Changes changes) {
        this.reports = reports;
        this.orders = orders;
        this.figures = figures;
        this.changes = changes;
    }

    List<Endpoint> endpoints() {
        return List.of(
                Endpoint.get("/sessions", Permission.SESSIONS_READ, this::list),
                Endpoint.get("/sessions/{session}", Permission.SESSIONS_READ, this::show),
                Endpoint.get("/sessions/{session}/usage", Permission.SESSIONS_READ, this::usage),
                Endpoint.get("/sessions/{session}/timeline", Permission.SESSIONS_READ, this::timeline),
                Endpoint.of(HttpMethod.POST, "/sessions/{session}/end", Permission.SESSIONS_END, this::end));
    }

    private Answer list(Call call) {
        Reports.Page page = call.page();
        String tenant = call.query("tenant").orElse(null);
        return Call.list(reports.liveSessions(page, tenant, call.query("search").orElse(null)), page, "id");
    }

    private Answer show(Call call) {
        return Answer.ok(found(call));
    }

    private Answer usage(Call call) {
        return Call.list(reports.sessionUsage(found(call).getString("id"), USAGE_MAX));
    }

    private Answer timeline(Call call) {
        JsonObject session = found(call);
        String node = session.getString("node");
        // A session that has ended and cost nothing has left no node.
        Optional<JsonObject> told = figures.timeline(session.getString("id"), node == null ? "" : node);
        if (told.isEmpty() && session.getBoolean("live")) {
            throw Problem.unavailable("The session's node does not tell of it now.");
        }
        return Answer.ok(told.orElseGet(SessionJson.NOTHING::copy));
    }

    private Answer end(Call call) {
        call.fields().done();
        JsonObject session = found(call);
        if (!session.getBoolean("live")) {
            throw Problem.conflict("The session has ended already.");
        }
        String id = session.getString("id");
        // Noted first: an order that cannot be noted is not given.
        changes.note(
                call,
                "session.end",
                "session/" + id,
                null,
                new JsonObject().put("tenant", session.getString("tenant")));
        return NodeResource.answer(orders.endSession(new SessionId(id)), "session");
    }

    private JsonObject found(Call call) {
        return reports.session(call.path("session")).orElseThrow(() -> Problem.notFound("There is no such session."));
    }
}
