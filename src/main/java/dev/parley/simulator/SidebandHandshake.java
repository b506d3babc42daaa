package dev.parley.simulator;

import io.vertx.core.Context;
import io.vertx.core.http.HttpServerRequest;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Somebody wants to hear a call: {@code GET /v1/realtime?call_id=}. On the event loop of the request. */
final class SidebandHandshake {
    private static final int UNAUTHORIZED = 401;
    private static final int NOT_FOUND = 404;
    private static final int BAD_REQUEST = 400;

    private final Provider provider;
    private final HttpServerRequest request;

    SidebandHandshake(Provider provider, HttpServerRequest request) {
        this.provider = provider;
        this.request = request;
    }

    void answer() {
        SimulatedCall call = provider.calls().find(request.getParam("call_id")).orElse(null);
        if (!CallRequest.isAuthorized(provider, request)) {
            ControlPlane.refuse(request, UNAUTHORIZED, "Incorrect API key provided.");
        } else if (call == null || !call.isAccepted()) {
            ControlPlane.refuse(request, NOT_FOUND, "No session found for the provided call_id.");
        } else {
            join(call);
        }
    }

    private void join(SimulatedCall call) {
        List<String> offered = request.headers().getAll("Sec-WebSocket-Protocol");
        boolean named = offered.stream().anyMatch(line -> line.contains("realtime"));
        Context loop = call.context();
        Listener listener = new Listener(provider, call, loop);
        Peer.accept(provider.vertx(), request, named ? "realtime" : "", listener)
                .onSuccess(peer -> {
                    listener.peer = peer;
                    loop.runOnContext(_ -> call.join(peer));
                })
                .onFailure(_ -> ControlPlane.refuse(request, BAD_REQUEST, "Invalid WebSocket handshake."));
    }

    /** Hands what arrives to the call, on its event loop. */
    private static final class Listener implements Peer.Listener {
        private final Provider provider;
        private final SimulatedCall call;
        private final Context loop;
        private @Nullable Peer peer;

        Listener(Provider provider, SimulatedCall call, Context loop) {
            this.provider = provider;
            this.call = call;
            this.loop = loop;
        }

        @Override
        public void onText(String text) {
            loop.runOnContext(_ -> call.onText(text));
        }

        @Override
        public void onBinary(int bytes) {
            provider.books().received(bytes);
        }

        @Override
        public void onEnded() {
            Peer gone = peer;
            if (gone != null) {
                loop.runOnContext(_ -> call.leave(gone));
            }
        }
    }
}
