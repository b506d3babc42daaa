package dev.parley.admin;

import dev.parley.administration.Permission;
import dev.parley.concurrent.Blocking;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.UpgradeRejectedException;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketBase;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.http.WebSocketConnectOptions;
import io.vertx.core.http.WebSocketFrame;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Takes the playground of the console to this node's own tenant listener, so that the page talks to its own origin only. It
 * adds nothing and looks at nothing: the tenant's token, which the browser offers as clients do, is what counts there. Only
 * who is signed in gets through. Confined to the event loop of the admin plane.
 */
final class PlaygroundSocket {
    static final String PATH = "/playground/socket";
    static final String PROTOCOL = "realtime";
    static final int MESSAGE_BYTES_MAX = 4 << 20;
    private static final int CONNECT_MILLIS = 5_000;
    private static final long CHECK_MILLIS = TimeUnit.SECONDS.toMillis(15);
    private static final short TRY_AGAIN = 1013;
    private static final short GOING = 1001;
    private static final short POLICY = 1008;
    private static final Pattern OFFER = Pattern.compile("openai-insecure-api-key\\.([A-Za-z0-9._-]{1,8192})");
    private static final Pattern MODEL = Pattern.compile("[A-Za-z0-9._-]{1,128}");
    private static final Endpoint ENDPOINT = Endpoint.get(PATH, Permission.SESSIONS_READ, _ -> Answer.none());

    private final Blocking blocking;
    private final Gatekeeper gatekeeper;
    private final TenantDoor door;
    private final WebSocketClient client;
    private final PlaygroundSeats seats = new PlaygroundSeats();

    PlaygroundSocket(Vertx vertx, Blocking blocking, Gatekeeper gatekeeper, TenantDoor door) {
        this.blocking = blocking;
        this.gatekeeper = gatekeeper;
        this.door = door;
        this.client = vertx.createWebSocketClient(new WebSocketClientOptions()
                .setMaxConnections(PlaygroundSeats.MAX)
                .setConnectTimeout(CONNECT_MILLIS)
                .setSsl(door.tls())
                // It is this very process, on loopback or on its own address, whatever name its certificate has.
                .setTrustAll(true)
                .setVerifyHost(false)
                .setMaxFrameSize(MESSAGE_BYTES_MAX)
                .setMaxMessageSize(MESSAGE_BYTES_MAX));
    }

    void open(RoutingContext context) {
        Call call = Call.of(context);
        context.request().pause();
        blocking.call(() -> {
                    gatekeeper.admit(call, ENDPOINT);
                    gatekeeper.refuseForeign(call);
                    return call;
                })
                .onFailure(failure -> Dispatcher.write(
                        context.response(),
                        failure instanceof Problem problem ? problem : Problem.unavailable("Try again soon.")))
                .onSuccess(_ -> begin(context, call));
    }

    private void begin(RoutingContext context, Call call) {
        Optional<String> token = token(call);
        String model = call.query("model")
                .filter(name -> MODEL.matcher(name).matches())
                .orElse("");
        if (token.isEmpty() || model.isEmpty()) {
            Dispatcher.write(
                    context.response(), Problem.badRequest("Name a model, and offer a token as a subprotocol."));
            return;
        }
        long administrator = call.principal().administrator();
        Optional<String> full = seats.take(administrator);
        if (full.isPresent()) {
            refuse(context, full.get());
            return;
        }
        connect(token.get(), model)
                .onFailure(failure -> {
                    seats.leave(administrator);
                    refuse(context, failure);
                })
                .onSuccess(inside -> upgrade(context, call, inside));
    }

    private Future<WebSocket> connect(String token, String model) {
        WebSocketConnectOptions options = new WebSocketConnectOptions();
        options.setHost(door.host()).setPort(door.port()).setURI("/v1/realtime?model=" + model);
        options.putHeader("Authorization", "Bearer " + token);
        // Nothing is read before somebody listens.
        return client.connect(options).map(socket -> {
            socket.pause();
            return socket;
        });
    }

    private static void refuse(RoutingContext context, String why) {
        JsonObject error = new JsonObject()
                .put("type", "rate_limit_error")
                .put("code", "too_many_playgrounds")
                .put("message", why);
        context.request().toWebSocket().onSuccess(page -> {
            page.writeTextMessage(
                    new JsonObject().put("type", "error").put("error", error).encode());
            page.close(POLICY, "too many playgrounds");
        });
    }

    /** A page is not told why an upgrade was refused, so it gets what clients would, as an event. */
    private static void refuse(RoutingContext context, Throwable failure) {
        context.request().toWebSocket().onSuccess(page -> {
            if (failure instanceof UpgradeRejectedException refused) {
                page.writeTextMessage(event(refused.getBody()));
                page.close(POLICY, "refused with HTTP " + refused.getStatus());
            } else {
                page.close(TRY_AGAIN, "the tenant listener does not answer");
            }
        });
    }

    private static String event(@Nullable Buffer body) {
        try {
            return new JsonObject(body == null ? Buffer.buffer("{}") : body)
                    .put("type", "error")
                    .encode();
        } catch (DecodeException _) {
            return "{\"type\":\"error\"}";
        }
    }

    private void upgrade(RoutingContext context, Call call, WebSocket inside) {
        context.request()
                .toWebSocket()
                .onFailure(_ -> {
                    seats.leave(call.principal().administrator());
                    inside.close(GOING);
                })
                .onSuccess(page -> join(context.vertx(), call, page, inside));
    }

    private void join(Vertx vertx, Call call, ServerWebSocket page, WebSocket inside) {
        pump(page, inside);
        pump(inside, page);
        long check = vertx.setPeriodic(CHECK_MILLIS, _ -> {
            page.writePing(Buffer.buffer());
            recheck(call, page);
        });
        long administrator = call.principal().administrator();
        page.closeHandler(_ -> {
            seats.leave(administrator);
            vertx.cancelTimer(check);
            inside.close();
        });
        inside.closeHandler(_ -> {
            Short code = inside.closeStatusCode();
            String reason = inside.closeReason();
            page.close(code == null || code == 1006 ? TRY_AGAIN : code, reason == null ? "" : reason);
        });
        page.exceptionHandler(_ -> {});
        inside.exceptionHandler(_ -> {});
        inside.resume();
    }

    /** Messages only: each side answers its own pings. */
    private static void pump(WebSocketBase from, WebSocketBase to) {
        from.frameHandler(frame -> {
            if (carries(frame) && !to.isClosed()) {
                to.writeFrame(frame);
                if (to.writeQueueFull()) {
                    from.pause();
                    to.drainHandler(_ -> from.resume());
                }
            }
        });
    }

    private static boolean carries(WebSocketFrame frame) {
        return frame.isText() || frame.isBinary() || frame.isContinuation();
    }

    /** Who may not look any more is cut off. */
    private void recheck(Call call, ServerWebSocket page) {
        blocking.call(() -> {
                    gatekeeper.admit(call, ENDPOINT);
                    return call;
                })
                .onFailure(failure -> {
                    if (failure instanceof Problem) {
                        page.close(GOING);
                    }
                });
    }

    /** What a browser offers in place of a header that it cannot set. */
    private static Optional<String> token(Call call) {
        List<String> offers =
                List.of(call.header("sec-websocket-protocol").orElse("").split(",", 8));
        return offers.stream()
                .map(String::strip)
                .map(OFFER::matcher)
                .filter(Matcher::matches)
                .map(matcher -> matcher.group(1))
                .findFirst();
    }

    void close() {
        client.close();
    }
}
