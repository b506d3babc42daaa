package dev.parley.admin;

import dev.parley.concurrent.Blocking;
import dev.parley.domain.NodeIdentity;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.Optional;

/** What other nodes may ask this one for, with a seal: the figures, timelines and content of its sessions. */
final class NodeDoor {
    static final String FIGURES = "/internal/figures";
    static final String TIMELINE = "/internal/timeline/";
    static final String CONTENT = "/internal/content/";

    private final NodeIdentity node;
    private final OwnFigures own;
    private final NodeSeal seal;
    private final Blocking blocking;

    NodeDoor(NodeIdentity node, OwnFigures own, NodeSeal seal, Blocking blocking) {
        this.node = node;
        this.own = own;
        this.seal = seal;
        this.blocking = blocking;
    }

    void mount(Router router) {
        router.get(FIGURES).handler(this::guard).handler(this::figures);
        router.get(TIMELINE + ":session")
                .handler(this::guard)
                .handler(context -> answer(context, own.timeline(context.pathParam("session"))));
        router.get(CONTENT + ":session")
                .handler(this::guard)
                .handler(context -> answer(context, own.content(context.pathParam("session"))));
    }

    private void guard(RoutingContext context) {
        String given = context.request().getHeader(NodeSeal.HEADER);
        if (given == null || !seal.good(given, context.request().path())) {
            Dispatcher.write(context.response(), Problem.unauthenticated());
            return;
        }
        context.next();
    }

    private void figures(RoutingContext context) {
        blocking.call(() -> new JsonObject()
                        .put("epoch", node.epoch())
                        .put("figures", own.rows())
                        .put("turns", own.turns())
                        .put("pool", own.pool())
                        .encode())
                .onSuccess(body -> answer(context, body))
                .onFailure(_ -> Dispatcher.write(context.response(), Problem.unavailable("Busy.")));
    }

    private static void answer(RoutingContext context, Future<Optional<JsonObject>> told) {
        told.onSuccess(found -> {
            if (found.isPresent()) {
                answer(context, found.get().encode());
            } else {
                Dispatcher.write(context.response(), Problem.notFound("There is no such session here."));
            }
        });
    }

    private static void answer(RoutingContext context, String body) {
        context.response()
                .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
                .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
                .end(body);
    }
}
