package dev.parley.admin;

import dev.parley.administration.Orders;
import dev.parley.administration.Permission;
import dev.parley.administration.Reports;
import dev.parley.administration.TenantRegister;
import dev.parley.concurrent.Ticker;
import dev.parley.domain.SessionId;
import dev.parley.domain.TenantId;
import dev.parley.tenancy.Tenant;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;

/** Sessions on all nodes. */
final class SessionResource {
    private static final int USAGE_MAX = 1_000;

    private final Reports reports;
    private final Orders orders;
    private final SessionFigures figures;
    private final TenantRegister tenants;
    private final ContentReadings readings;
    private final Changes changes;

    SessionResource(
            Reports reports,
            Orders orders,
            SessionFigures figures,
            TenantRegister tenants,
            Changes changes,
            Ticker ticker) {
        this.reports = reports;
        this.orders = orders;
        this.figures = figures;
        this.tenants = tenants;
        this.readings = new ContentReadings(changes, ticker);
        this.changes = changes;
    }

    List<Endpoint> endpoints() {
        return List.of(
                Endpoint.get("/sessions", Permission.SESSIONS_READ, this::list),
                Endpoint.get("/sessions/{session}", Permission.SESSIONS_READ, this::show),
                Endpoint.get("/sessions/{session}/usage", Permission.SESSIONS_READ, this::usage),
                Endpoint.get("/sessions/{session}/timeline", Permission.SESSIONS_READ, this::timeline),
                Endpoint.get("/sessions/{session}/content", Permission.CONTENT_READ, this::content),
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
        return Answer.ok(told(found(call), figures::timeline, SessionJson.NOTHING));
    }

    /** Asked for only where the tenant allows it now, whatever a node may still hold. */
    private Answer content(Call call) {
        JsonObject session = found(call);
        boolean allowed = tenants.find(new TenantId(session.getString("tenant")))
                .map(Tenant::contentCapture)
                .orElse(false);
        JsonObject told = allowed ? told(session, figures::content, ContentJson.NOTHING) : ContentJson.NOTHING.copy();
        if (!told.getJsonArray("entries").isEmpty()) {
            readings.note(call, session); // a reading that cannot be noted is not had
        }
        return Answer.ok(told.put("allowed", allowed));
    }

    private static JsonObject told(
            JsonObject session, BiFunction<String, String, Optional<JsonObject>> asked, JsonObject nothing) {
        String node = session.getString("node");
        // A session that has ended and cost nothing has left no node.
        Optional<JsonObject> told = asked.apply(session.getString("id"), node == null ? "" : node);
        if (told.isEmpty() && session.getBoolean("live")) {
            throw Problem.unavailable("The session's node does not tell of it now.");
        }
        return told.orElseGet(nothing::copy);
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
