package dev.parley.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.conversation.ClientError;
import dev.parley.conversation.Trees;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import java.util.TreeSet;

/** The HTTP side: the scripts, the books, the open sessions, and the list of models. On the event loop of the request. */
final class ControlPlane {
    private static final int PAGE_MAX = 10_000;
    private static final int BODY_BYTES_MAX = 1 << 20;

    private final Provider provider;

    ControlPlane(Provider provider) {
        this.provider = provider;
    }

    void handle(HttpServerRequest request) {
        switch (Flavor.plain(request.path())) {
            case "/simulator/script" -> script(request);
            case "/simulator/books" -> books(request);
            case "/simulator/sessions" -> sessions(request);
            case "/v1/audio/transcriptions" -> new FileTranscription(provider, request).answer();
            case "/v1/models" -> answer(request, 200, models());
            case "/v1/realtime", "/v1/realtime/translations" ->
                refuse(request, 400, "This path speaks WebSocket only.");
            case CallRequest.PATH, CallRequest.CONTROL_PATH -> new CallRequest(provider, request).answer();
            case String path
            when path.startsWith(CallRequest.PATH + "/") || path.startsWith(CallRequest.CONTROL_PATH + "/") ->
                new CallRequest(provider, request).answer();
            default -> refuse(request, 404, "Unknown request URL: " + request.method() + " " + request.path() + ".");
        }
    }

    static void answer(HttpServerRequest request, int status, JsonNode body) {
        request.response()
                .setStatusCode(status)
                .putHeader("Content-Type", "application/json")
                .end(Trees.write(body));
    }

    static void refuse(HttpServerRequest request, int status, String message) {
        ObjectNode error = Trees.object()
                .put("message", message)
                .put("type", ClientError.INVALID_REQUEST)
                .putNull("param")
                .putNull("code");
        answer(request, status, Trees.object().set("error", error));
    }

    private void script(HttpServerRequest request) {
        HttpMethod method = request.method();
        if (method.equals(HttpMethod.GET)) {
            answer(request, 200, provider.scripts().toJson());
        } else if (method.equals(HttpMethod.DELETE)) {
            provider.scripts().clear();
            answer(request, 200, provider.scripts().toJson());
        } else if (method.equals(HttpMethod.PUT) || method.equals(HttpMethod.POST)) {
            withBody(request, body -> {
                if (method.equals(HttpMethod.PUT)) {
                    provider.scripts().replace(body);
                } else if (body instanceof ObjectNode rule) {
                    provider.scripts().add(rule);
                } else {
                    throw new IllegalArgumentException("a script is a JSON object");
                }
                return provider.scripts().toJson();
            });
        } else {
            refuse(request, 405, "GET, PUT, POST or DELETE.");
        }
    }

    private void books(HttpServerRequest request) {
        try {
            String after = request.getParam("after");
            String limit = request.getParam("limit");
            answer(
                    request,
                    200,
                    provider.books()
                            .toJson(
                                    after == null ? 0 : Long.parseLong(after),
                                    limit == null ? PAGE_MAX : Math.clamp(Integer.parseInt(limit), 1, PAGE_MAX)));
        } catch (NumberFormatException e) {
            refuse(request, 400, "'after' and 'limit' are whole numbers.");
        }
    }

    /** DELETE drops every open session; with {@code ?code=1012&reason=…} it closes them. */
    private void sessions(HttpServerRequest request) {
        if (!request.method().equals(HttpMethod.DELETE)) {
            refuse(request, 405, "DELETE.");
            return;
        }
        int open = provider.sessions().size();
        String code = request.getParam("code");
        if (code != null && !code.matches("1000|1001|1011|1012|1013|[34]\\d{3}")) {
            refuse(request, 400, "'code' must be a close code that may be sent.");
            return;
        }
        String reason = request.getParam("reason");
        provider.sessions().forEach(session -> {
            if (code == null) {
                session.drop();
            } else {
                session.close(Integer.parseInt(code), reason == null ? "" : reason);
            }
        });
        answer(request, 200, Trees.object().put("sessions", open));
    }

    private static ObjectNode models() {
        ObjectNode list = Trees.object().put("object", "list");
        var data = list.putArray("data");
        new TreeSet<>(Models.all())
                .forEach(id -> data.addObject()
                        .put("id", id)
                        .put("object", "model")
                        .put("created", 0)
                        .put("owned_by", "simulator"));
        return list;
    }

    /** Turns a body into an answer; a bad body is an {@link IllegalArgumentException}. */
    private interface Change {
        JsonNode apply(JsonNode body);
    }

    private static void withBody(HttpServerRequest request, Change change) {
        Buffer body = Buffer.buffer();
        boolean[] refused = new boolean[1];
        request.handler(chunk -> {
            if (body.length() + chunk.length() <= BODY_BYTES_MAX) {
                body.appendBuffer(chunk);
            } else if (!refused[0]) {
                refused[0] = true;
                refuse(request, 413, "The body is larger than " + BODY_BYTES_MAX + " bytes.");
            }
        });
        request.endHandler(ignored -> {
            if (!refused[0]) {
                try {
                    answer(request, 200, change.apply(Trees.parse(body.toString())));
                } catch (IllegalArgumentException e) {
                    refuse(request, 400, String.valueOf(e.getMessage()));
                }
            }
        });
    }
}
