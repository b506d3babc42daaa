package dev.parley.admin;

import dev.parley.administration.Orders;
import dev.parley.administration.Permission;
import dev.parley.administration.Reports;
import io.vertx.core.http.HttpMethod;
import java.util.List;

/** The broker processes on this database. */
final class NodeResource {
    private final Reports reports;
    private final Orders orders;
    private final Changes changes;

    NodeResource(Reports reports, Orders orders, Changes changes) {
        this.reports = reports;
        this.orders = orders;
        this.changes = changes;
    }

    List<Endpoint> endpoints() {
        return List.of(
                Endpoint.get("/nodes", Permission.NODES_READ, _ -> Call.list(reports.nodes())),
                Endpoint.of(HttpMethod.POST, "/nodes/{node}/drain", Permission.NODES_DRAIN, this::drain));
    }

    private Answer drain(Call call) {
        call.fields().done();
        String node = call.path("node");
        boolean living = reports.nodes().stream()
                .anyMatch(row -> node.equals(row.getString("name")) && row.getValue("ended_at") == null);
        if (!living) {
            throw Problem.notFound("There is no living node '" + node + "'.");
        }
        changes.note(call, "node.drain", "node/" + node, null, null);
        return answer(orders.drain(node), "node");
    }

    static Answer answer(Orders.Outcome outcome, String what) {
        return switch (outcome) {
            case DONE -> Answer.none();
            case UNKNOWN -> throw Problem.conflict("The " + what + " has ended meanwhile.");
            case UNANSWERED ->
                throw Problem.unavailable(
                        "The node has not answered yet. It does it as soon as it can, unless it is dead.");
        };
    }
}
