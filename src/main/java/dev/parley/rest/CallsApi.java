package dev.parley.rest;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.auth.Caller;
import dev.parley.auth.Callers;
import dev.parley.auth.Callers.Identity;
import dev.parley.auth.SecretToken;
import dev.parley.call.CallId;
import dev.parley.domain.ModelName;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.protocol.Json;
import dev.parley.sideband.Calls;
import dev.parley.sideband.Calls.Action;
import dev.parley.tenancy.Tenant;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code POST /v1/realtime/calls} in its three forms, and what can be done to a call. A client secret begins calls, and does
 * nothing else to them. Thread-safe.
 */
public final class CallsApi implements Api {
    private static final Logger LOGGER = LoggerFactory.getLogger(CallsApi.class);
    private static final String PATH = "/v1/realtime/calls";
    /** Where the beta began calls; sockets have the same path. */
    private static final String BETA_PATH = "/v1/realtime";

    private static final Pattern ACTION = Pattern.compile(PATH + "/([^/]+)/(accept|reject|refer|hangup)");
    /** All of them. */
    static final List<Route> ROUTES = List.of(
            new Route("POST", PATH),
            new Route("POST", BETA_PATH),
            new Route("POST", PATH + "/{call_id}/accept"),
            new Route("POST", PATH + "/{call_id}/reject"),
            new Route("POST", PATH + "/{call_id}/refer"),
            new Route("POST", PATH + "/{call_id}/hangup"));

    private static final Duration RETRY_SOON = Duration.ofSeconds(2);
    private static final int OK = 200;
    private static final int CREATED = 201;
    private static final int NAME_MAX = 128;

    private final Callers callers;
    private final Calls calls;

    public CallsApi(Callers callers, Calls calls) {
        this.callers = callers;
        this.calls = calls;
    }

    @Override
    public boolean serves(String path) {
        return path.equals(PATH)
                || path.equals(BETA_PATH)
                || ACTION.matcher(path).matches();
    }

    @Override
    public Future<Answer> answer(Call call) {
        if (!call.method().equals("POST")) {
            return Future.succeededFuture(Answer.refused(
                            Refusal.of(Kind.METHOD_NOT_ALLOWED, "method_not_allowed", "This URL is for POST only."))
                    .with(Map.of("Allow", "POST")));
        }
        Matcher action = ACTION.matcher(call.path());
        boolean begins = !action.matches();
        if (!begins
                && call.credential() != null
                && SecretToken.is(call.credential().reveal())) {
            return refused(Refusal.of(
                    Kind.FORBIDDEN,
                    "client_secret_not_allowed",
                    "A client secret begins calls, and nothing else: use a token of the tenant here."));
        }
        return callers.identify(call.credential(), call.origin())
                .compose(identity -> switch (identity) {
                    case Identity.Unknown(Refusal refusal) -> refused(refusal);
                    case Identity.Known(Caller caller, Tenant tenant) ->
                        begins
                                ? begin(call, caller, tenant)
                                : act(call, caller, tenant, action.group(1), action.group(2));
                })
                .recover(CallsApi::away);
    }

    private Future<Answer> begin(Call call, Caller caller, Tenant tenant) {
        return switch (Offer.of(call)) {
            case Offer.Outcome.Bad(Refusal refusal) -> refused(refusal);
            case Offer.Outcome.Read(Offer offer) ->
                calls.create(caller, tenant, offer.sdp(), offer.session(), offer.model())
                        .map(outcome -> outcome instanceof Calls.Outcome.Begun(CallId id, String sdp)
                                ? begun(id, sdp, caller)
                                : told(outcome));
        };
    }

    private Future<Answer> act(Call call, Caller caller, Tenant tenant, String id, String action) {
        Optional<CallId> known = CallId.of(id);
        if (known.isEmpty()) {
            return refused(Refusal.of(Kind.NOT_FOUND, "call_not_found", "There is no such call.")
                    .param("call_id"));
        }
        Optional<ObjectNode> body = object(call.body());
        if (body.isEmpty()) {
            return refused(notJson());
        }
        Future<Calls.Outcome> outcome = action.equals("accept")
                ? calls.accept(caller, tenant, known.get(), body.get())
                : calls.act(
                        caller,
                        known.get(),
                        switch (action) {
                            case "reject" -> Action.REJECT;
                            case "refer" -> Action.REFER;
                            default -> Action.HANGUP;
                        },
                        call.body());
        return outcome.map(CallsApi::told);
    }

    /** Who has left meanwhile will not take part in the call. */
    private Answer begun(CallId id, String sdp, Caller caller) {
        return new Answer(
                CREATED,
                Map.of("Content-Type", "application/sdp", "Location", PATH + "/" + id),
                Buffer.buffer(sdp),
                () -> calls.act(caller, id, Action.HANGUP, Buffer.buffer()));
    }

    private static Answer told(Calls.Outcome outcome) {
        return switch (outcome) {
            case Calls.Outcome.Begun _ -> throw new IllegalStateException("an action begins no call");
            case Calls.Outcome.Done _ -> new Answer(OK, Map.of(), Buffer.buffer());
            case Calls.Outcome.Refused(Refusal refusal) -> Answer.refused(refusal);
        };
    }

    /** An empty body is an empty object. */
    private static Optional<ObjectNode> object(Buffer body) {
        return body.length() == 0
                ? Optional.of(JsonNodeFactory.instance.objectNode())
                : Json.object(body).map(ObjectNode.class::cast);
    }

    private static Refusal notJson() {
        return Refusal.of(Kind.BAD_REQUEST, "invalid_json", "The body is not one JSON object.");
    }

    private static Future<Answer> away(Throwable failure) {
        LOGGER.atWarn().setCause(failure).log("a request about a call could not be answered");
        return refused(Refusal.of(Kind.OVERLOADED, "server_error", "This cannot be answered now; please try again.")
                .retryAfter(RETRY_SOON));
    }

    private static Future<Answer> refused(Refusal refusal) {
        return Future.succeededFuture(Answer.refused(refusal));
    }

    /**
     * What a request to begin a call brings.
     *
     * @param model of the URL; null if it has none
     */
    private record Offer(
            String sdp, ObjectNode session, @Nullable ModelName model) {
        private static final String BEGINNING = "v=0";
        private static final int SDP_BYTES_MAX = 64 << 10;

        sealed interface Outcome {
            record Read(Offer offer) implements Outcome {}

            record Bad(Refusal refusal) implements Outcome {}
        }

        static Outcome of(Call call) {
            String type = String.valueOf(call.contentType()).trim();
            String name = call.parameters().get("model");
            if (name != null && (name.isEmpty() || name.length() > NAME_MAX)) {
                return bad("invalid_value", "The model must be a name of 1 to 128 characters.", "model");
            }
            ModelName model = name == null ? null : new ModelName(name);
            if (type.regionMatches(true, 0, "application/sdp", 0, 15)) {
                return of(call.body().toString(), JsonNodeFactory.instance.objectNode(), model);
            }
            Optional<MultipartScan> form = MultipartScan.of(type);
            if (form.isEmpty()) {
                return bad(
                        "invalid_content_type",
                        "Send the parts 'sdp' and 'session' as multipart/form-data, or the SDP alone as application/sdp.",
                        null);
            }
            form.get().take(call.body());
            if (!form.get().ended()) {
                String why = form.get().broken() ? form.get().problem() : "it does not end";
                return bad("invalid_form", "The form cannot be read: " + why + '.', null);
            }
            Optional<ObjectNode> session =
                    object(Buffer.buffer(form.get().field("session").orElse("")));
            return session.isEmpty()
                    ? bad("invalid_json", "'session' is not one JSON object.", "session")
                    : of(form.get().field("sdp").orElse(""), session.get(), model);
        }

        private static Outcome of(String sdp, ObjectNode session, @Nullable ModelName model) {
            return sdp.startsWith(BEGINNING) && sdp.length() <= SDP_BYTES_MAX
                    ? new Outcome.Read(new Offer(sdp, session, model))
                    : bad("invalid_sdp", "There must be an SDP offer, of 64 KB at most.", "sdp");
        }

        private static Outcome bad(String code, String message, @Nullable String param) {
            return new Outcome.Bad(new Refusal(Kind.BAD_REQUEST, code, message, param, null));
        }
    }
}
