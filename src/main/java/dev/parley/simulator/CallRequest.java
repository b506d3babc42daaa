package dev.parley.simulator;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.conversation.ClientError;
import dev.parley.conversation.Ids;
import dev.parley.conversation.Trees;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import java.net.URI;
import java.util.Set;

/**
 * {@code POST /v1/realtime/calls} with what can be done to a call, and {@code /simulator/calls}: what callers do. On the event
 * loop of the request.
 */
final class CallRequest {
    static final String PATH = "/v1/realtime/calls";
    static final String CONTROL_PATH = "/simulator/calls";

    private static final int OK = 200;
    private static final int CREATED = 201;
    private static final int BAD_REQUEST = 400;
    private static final int UNAUTHORIZED = 401;
    private static final int NOT_FOUND = 404;
    private static final int BAD_GATEWAY = 502;
    private static final Set<String> ENDINGS = Set.of("reject", "refer", "hangup");

    private final Provider provider;
    private final HttpServerRequest request;

    CallRequest(Provider provider, HttpServerRequest request) {
        this.provider = provider;
        this.request = request;
    }

    static boolean isAuthorized(Provider provider, HttpServerRequest request) {
        String header = String.valueOf(request.getHeader("Authorization"));
        String key = header.startsWith("Bearer ") ? header.substring(7).strip() : request.getHeader("api-key");
        Set<String> accepted = provider.options().apiKeys();
        return key != null && !key.isEmpty() && (accepted.isEmpty() || accepted.contains(key));
    }

    void answer() {
        boolean control = request.path().startsWith(CONTROL_PATH);
        if (!request.method().equals(HttpMethod.POST)) {
            ControlPlane.refuse(request, BAD_REQUEST, "POST.");
        } else if (!control && !isAuthorized(provider, request)) {
            ControlPlane.refuse(request, UNAUTHORIZED, "Incorrect API key provided.");
        } else if (control) {
            control();
        } else if (request.path().equals(PATH)) {
            begin();
        } else {
            act();
        }
    }

    private void begin() {
        String type = String.valueOf(request.getHeader("Content-Type"));
        if (type.startsWith("multipart/form-data")) {
            request.setExpectMultipart(true);
            request.endHandler(_ -> begin(
                    String.valueOf(request.getFormAttribute("sdp")),
                    String.valueOf(request.getFormAttribute("session"))));
        } else {
            request.body()
                    .onSuccess(body -> begin(
                            body.toString(),
                            Trees.write(Trees.object()
                                    .put("type", "realtime")
                                    .put("model", String.valueOf(request.getParam("model"))))));
        }
    }

    private void begin(String offer, String settings) {
        if (!offer.startsWith("v=0")) {
            ControlPlane.refuse(request, BAD_REQUEST, "The SDP offer is missing or not valid.");
            return;
        }
        Script script = script(settings);
        ObjectNode scripted = script.object(ScriptKey.CALL_REFUSED).orElse(null);
        if (scripted != null) {
            provider.books().handshakeRefused();
            ControlPlane.refuse(
                    request,
                    scripted.path("status").asInt(BAD_REQUEST),
                    scripted.path("message").asText("Refused by script."));
            return;
        }
        SimulatedCall call = new SimulatedCall(provider, Ids.next("rtc_"), script);
        if (!accepted(call, settings)) {
            return;
        }
        provider.calls().add(call);
        request.response()
                .setStatusCode(CREATED)
                .putHeader("Content-Type", "application/sdp")
                .putHeader("Location", PATH + "/" + call.id())
                .end(sdp(call.id()));
    }

    private Script script(String settings) {
        try {
            return provider.scripts()
                    .take(null, Trees.parseObject(settings).path("model").textValue(), null);
        } catch (IllegalArgumentException notJson) {
            return Script.NONE;
        }
    }

    /** Begins the session; false if the settings are refused, and that is answered. */
    private boolean accepted(SimulatedCall call, String settings) {
        try {
            ObjectNode read = Trees.parseObject(settings);
            if (!Models.converses(read.path("model").asText(""))) {
                ControlPlane.refuse(request, BAD_REQUEST, "There is no such model for calls.");
                return false;
            }
            call.begin(read);
            return true;
        } catch (ClientError | IllegalArgumentException wrong) {
            ControlPlane.refuse(request, BAD_REQUEST, String.valueOf(wrong.getMessage()));
            return false;
        }
    }

    private void act() {
        String[] parts = request.path().substring(PATH.length() + 1).split("/", -1);
        SimulatedCall call = provider.calls().find(parts[0]).orElse(null);
        if (call == null || parts.length != 2) {
            ControlPlane.refuse(request, NOT_FOUND, "No session found for the provided call_id.");
            return;
        }
        request.body().onSuccess(body -> {
            if (ENDINGS.contains(parts[1])) {
                end(call, parts[1], body);
            } else if (parts[1].equals("accept") && !call.isAccepted()) {
                if (accepted(call, body.toString())) {
                    ok();
                }
            } else {
                ControlPlane.refuse(
                        request, BAD_REQUEST, "The call has been accepted already, or there is no such action.");
            }
        });
    }

    private void end(SimulatedCall call, String how, Buffer body) {
        if (how.equals("refer") && !body.toString().contains("target_uri")) {
            ControlPlane.refuse(request, BAD_REQUEST, "Missing required parameter: 'target_uri'.");
            return;
        }
        call.end(how).onSuccess(_ -> ok());
    }

    /** {@code /simulator/calls}: somebody calls; {@code …/{id}/speak} and {@code …/{id}/hangup}: the caller does. */
    private void control() {
        String[] parts = request.path().substring(CONTROL_PATH.length()).split("/", -1);
        if (parts.length == 3 && parts[2].equals("speak")) {
            provider.calls().speak(parts[1]);
            ok();
        } else if (parts.length == 3 && parts[2].equals("hangup")) {
            provider.calls().hangUp(parts[1]).onSuccess(_ -> ok());
        } else if (parts.length == 1) {
            request.body().onSuccess(body -> ring(body.toString()));
        } else {
            ControlPlane.refuse(request, NOT_FOUND, "speak or hangup.");
        }
    }

    private void ring(String body) {
        try {
            ObjectNode asked = Trees.parseObject(body);
            IncomingCall.ring(
                            provider,
                            URI.create(asked.path("webhook").asText("")),
                            asked.path("secret").asText(""),
                            asked.path("to").asText(""))
                    .onSuccess(id ->
                            ControlPlane.answer(request, OK, Trees.object().put("call_id", id)))
                    .onFailure(why -> ControlPlane.refuse(request, BAD_GATEWAY, String.valueOf(why.getMessage())));
        } catch (IllegalArgumentException wrong) {
            ControlPlane.refuse(request, BAD_REQUEST, String.valueOf(wrong.getMessage()));
        }
    }

    private void ok() {
        request.response().setStatusCode(OK).end();
    }

    private static String sdp(String id) {
        return """
                v=0\r
                o=- %d 2 IN IP4 127.0.0.1\r
                s=-\r
                t=0 0\r
                a=group:BUNDLE 0\r
                m=audio 9 UDP/TLS/RTP/SAVPF 111\r
                c=IN IP4 0.0.0.0\r
                a=mid:0\r
                a=ice-ufrag:%s\r
                a=ice-pwd:%s\r
                a=setup:active\r
                a=sendrecv\r
                a=rtcp-mux\r
                a=rtpmap:111 opus/48000/2\r
                """.formatted(Math.abs((long) id.hashCode()), id.substring(4, 8), id.substring(4));
    }
}
