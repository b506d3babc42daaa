package dev.parley.turn;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.conversation.AudioFormat;
import dev.parley.conversation.Checks;
import dev.parley.conversation.ClientError;
import dev.parley.conversation.Conversation;
import dev.parley.conversation.Ids;
import dev.parley.conversation.Item;
import dev.parley.conversation.ResponseRules;
import dev.parley.conversation.Trees;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.protocol.EventType;
import dev.parley.protocol.Scrubber;
import dev.parley.session.Cover;
import dev.parley.session.InputTokens;
import dev.parley.session.ProviderWords;
import dev.parley.session.RateLimits;
import dev.parley.session.Recording;
import dev.parley.session.RequestRules;
import dev.parley.session.Underwriter.Decision;
import dev.parley.turn.TurnResponse.Wish;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The responses of one session in turn mode: one at a time for its conversation, more out of band. On its event loop. */
final class Turns {
    /** At once, in one session. */
    private static final int OPEN_MAX = 32;
    /** Ids that a client may still have in mind. */
    private static final int RECENT_MAX = 256;

    private final TurnParts parts;
    private final Settler settler;
    private final Context context = new Context();
    private final Set<TurnResponse> open = new LinkedHashSet<>();
    private final LinkedHashSet<String> recent = new LinkedHashSet<>();
    private volatile int openCount;
    private @Nullable TurnResponse active;
    private boolean spoken;

    Turns(TurnParts parts) {
        this.parts = parts;
        this.settler = new Settler(parts);
    }

    /** Callable from any thread. */
    int openCount() {
        return openCount;
    }

    boolean idle() {
        return open.isEmpty();
    }

    /** Whether the assistant has spoken, which locks the voice. */
    boolean hasSpoken() {
        return spoken;
    }

    void spoke() {
        spoken = true;
    }

    /** Ids for a response that the provider has just named. */
    SeenIds seenIds(String provided) {
        SeenIds ids = new SeenIds(
                provided, recent::contains, id -> parts.conversation().find(id) != null);
        recent.add(ids.response());
        if (recent.size() > RECENT_MAX) {
            recent.removeFirst();
        }
        return ids;
    }

    /** Whether the provider says that a response may put out more than is paid for. */
    boolean isUnbounded(JsonNode response) {
        return parts.price().isUnbounded(response);
    }

    Recording recording() {
        return parts.recording();
    }

    Instant now() {
        return parts.services().ticker().now();
    }

    long nanos() {
        return parts.services().ticker().nanos();
    }

    /** {@code response.create}; completes when it is covered or refused. Throws {@link ClientError} for a wrong event. */
    Future<Void> create(ObjectNode event) {
        String clientId = event.path("event_id").textValue();
        ObjectNode overrides =
                event.hasNonNull("response") ? Checks.object(event.path("response"), "response") : Trees.object();
        ResponseRules.check(overrides);
        Optional<Refusal> refusal = refusal(overrides);
        if (refusal.isPresent()) {
            parts.life().refuse(refusal.get(), clientId);
            return Future.succeededFuture();
        }
        boolean standard = !"none".equals(overrides.path("conversation").textValue());
        TurnResponse running = active;
        if (standard && running != null) {
            throw new ClientError(
                    "conversation_already_has_active_response",
                    "Conversation already has an active response in progress" + named(running.seenId())
                            + ". Wait until the response is finished before creating a new one.",
                    null);
        }
        TurnResponse response = response(overrides, standard, clientId);
        if (response.waitingBytes() + waitingBytes() > parts.limits().requestBytesMax()) {
            parts.life().refuse(crowded(), clientId);
            return Future.succeededFuture();
        }
        open.add(response);
        openCount = open.size();
        active = standard ? response : running;
        return cover(response, overrides);
    }

    /**
     * {@code response.cancel}; for the conversation's own response it completes when that has ended, so that what the client
     * sends next finds it ended, as at the provider.
     */
    Future<Void> cancel(ObjectNode event) {
        String id = Checks.optionalText(event, "response_id", "response_id");
        TurnResponse response = id == null
                ? active
                : open.stream()
                        .filter(one -> id.equals(one.seenId()))
                        .findFirst()
                        .orElse(null);
        if (response == null) {
            throw new ClientError("response_cancel_not_active", "Cancellation failed: no active response found", null);
        }
        cancel(response);
        return response.wish().standard() ? response.over() : Future.succeededFuture();
    }

    /** Asks the provider to stop whatever runs; what waits for a place ends at once. */
    void cancelAll() {
        for (TurnResponse response : List.copyOf(open)) {
            if (response.waits()) {
                response.giveUp();
            } else {
                cancel(response);
            }
        }
    }

    /** Ends what is left as far as it has come. */
    void abandon() {
        List.copyOf(open).forEach(TurnResponse::giveUp);
    }

    void done(TurnResponse response, JsonNode told, ObjectNode event) {
        remove(response);
        JsonNode failure = told.path("status_details").path("error");
        if (failure.isObject()) {
            String code = failure.path("code").asText(failure.path("type").asText("response_failed"));
            SharedUpstream upstream = response.upstream();
            if (upstream != null) {
                upstream.reported(Scrubber.code(code));
            }
            parts.report()
                    .upstreamError(Scrubber.code(code), failure.path("message").asText(""), false);
            if (event.at("/response/status_details/error") instanceof ObjectNode error) {
                error.put("message", ProviderWords.told(error));
            }
        }
        if (told.path("status_details").isTextual() && event.path("response") instanceof ObjectNode done) {
            done.put(
                    "status_details", Scrubber.scrub(told.path("status_details").textValue()));
        }
        settle(response, told.path("status").asText("unknown"), told.path("usage"), event);
    }

    void lost(TurnResponse response, ObjectNode event) {
        remove(response);
        settle(response, "lost", NullNode.getInstance(), event);
    }

    void refused(TurnResponse response, Refusal why) {
        release(response);
        parts.life().refuse(why, response.wish().clientEventId());
    }

    /** The provider's own {@code error}, without facts of its account. */
    void refused(TurnResponse response, JsonNode error) {
        release(response);
        String code = Scrubber.code(error.path("code").asText(error.path("type").asText("error")));
        String message = error.path("message").asText("");
        boolean clients = "invalid_request_error".equals(error.path("type").textValue());
        parts.report().upstreamError(code, message, clients);
        ObjectNode event = Trees.event("error");
        ObjectNode told = event.putObject("error");
        if (error instanceof ObjectNode object) {
            told.setAll(object);
        }
        told.put("message", ProviderWords.told(error))
                .put("event_id", response.wish().clientEventId());
        parts.outbox().send(event);
    }

    private void settle(TurnResponse response, String status, JsonNode usage, ObjectNode event) {
        Cover cover = response.takeCover();
        SharedUpstream upstream = response.upstream();
        String id = response.id();
        if (cover == null || upstream == null || id == null) {
            throw new IllegalStateException("a response that ran was covered");
        }
        Buffer told = Buffer.buffer(Trees.writeBytes(event));
        parts.outbox()
                .sendWhen(EventType.RESPONSE_DONE, settler.settle(response, cover, upstream, id, status, usage, told));
        if (!status.equals("lost")) {
            parts.outbox()
                    .send(
                            EventType.RATE_LIMITS_UPDATED,
                            RateLimits.updated(
                                    Ids.next("event_"), parts.order().permit().rateLimits()));
        }
        response.isOver();
        parts.life().progressed();
    }

    /** Asks the provider to stop a response, and waits for its end for a while. */
    void cancel(TurnResponse response) {
        if (response.cancel()) {
            long patience = parts.services().config().cancelTimeout().toMillis();
            parts.vertx().setTimer(patience, _ -> {
                if (open.contains(response)) {
                    response.giveUp();
                }
            });
        }
    }

    private Optional<Refusal> refusal(ObjectNode overrides) {
        Refusal noNewWork = parts.life().noNewWork();
        if (noNewWork != null) {
            return Optional.of(noNewWork);
        }
        if (open.size() >= OPEN_MAX) {
            return Optional.of(crowded());
        }
        return parts.rules()
                .refusal(overrides, "response")
                .or(() -> parts.rules().standingRefusal(parts.settings().standing(overrides), "session"))
                .or(() -> TurnRules.ofResponse(overrides));
    }

    private static String named(@Nullable String id) {
        return id == null ? "" : ": " + id;
    }

    private static Refusal crowded() {
        return Refusal.of(
                Kind.RATE_LIMITED, "too_many_responses", "A session runs at most " + OPEN_MAX + " responses at once.");
    }

    private int waitingBytes() {
        return open.stream().mapToInt(TurnResponse::waitingBytes).sum();
    }

    private TurnResponse response(ObjectNode overrides, boolean standard, @Nullable String clientId) {
        Conversation conversation = parts.conversation();
        TurnSettings settings = parts.settings();
        long contextMax = parts.price().model().contextTokensMax();
        checkCount(overrides.path("input"));
        List<Item> items = overrides.has("input")
                ? ResponseRules.input(overrides.path("input"), settings.state().inputFormat(), conversation)
                : context.of(
                        conversation.items(),
                        contextMax - parts.price().outputTokensMax() - settings.ownTokens(overrides),
                        settings.effective().path("truncation"));
        ResponseRequest request = ResponseRequest.of(
                settings, overrides, items, contextMax, parts.limits().requestBytesMax());
        JsonNode format = overrides.at("/audio/output/format");
        AudioFormat output =
                AudioFormat.of(format.isObject() ? format : settings.effective().at("/audio/output/format"));
        JsonNode metadata = overrides.path("metadata");
        boolean hidden = RequestRules.hidesInput(overrides) || RequestRules.hidesInput(settings.effective());
        Wish wish = new Wish(
                now(),
                clientId,
                standard ? conversation.id() : null,
                settings.textOnly(overrides),
                output.bytesPerMilli(),
                metadata.isMissingNode() ? NullNode.getInstance() : metadata,
                request.input().plus(InputTokens.ofText(hidden ? contextMax : settings.unseenTokens(overrides))));
        OutputItems out = new OutputItems(conversation, parts.outbox(), output, (int)
                parts.limits().conversation().audioBytesMax());
        return new TurnResponse(wish, request, out, parts.outbox(), this);
    }

    /** A reference is short, and what it stands for is not. */
    private void checkCount(JsonNode input) {
        int most = parts.limits().conversation().itemsMax();
        if (input.size() > most) {
            throw ClientError.wrongValue("response.input", "A response reads at most " + most + " items.");
        }
    }

    private Future<Void> cover(TurnResponse response, ObjectNode overrides) {
        Wish wish = response.wish();
        int most = parts.price().outputTokensMax();
        JsonNode limit = overrides.has("max_output_tokens")
                ? overrides.path("max_output_tokens")
                : parts.settings().effective().path("max_output_tokens");
        int asked = limit.isInt() ? Math.min(limit.intValue(), most) : most;
        return parts.underwriter()
                .cover(parts.price().worstCase(wish.input(), asked, wish.textOnly()))
                .map(decision -> {
                    switch (decision) {
                        case Decision.Covered(Cover cover) -> begin(response, cover);
                        case Decision.Refused(Refusal refusal) -> response.unavailable(refusal);
                    }
                    return null;
                });
    }

    private void begin(TurnResponse response, Cover cover) {
        if (!response.waits()) {
            cover.release(); // it was given up while the budget was asked
            return;
        }
        response.coverBy(cover);
        if (!parts.life().live()) {
            response.giveUp();
            return;
        }
        watch(response, parts.limits().silenceMax().toMillis());
        parts.upstreams()
                .run(
                        new Shape(
                                parts.order().tenant().id(),
                                parts.price().model().name(),
                                parts.settings().shared()),
                        response);
    }

    /** Gives up a response that says nothing for too long. */
    private void watch(TurnResponse response, long afterMillis) {
        response.watchedBy(parts.vertx().setTimer(afterMillis, _ -> {
            long silence = parts.limits().silenceMax().toMillis();
            long silent = response.waits() ? 0 : (nanos() - response.heardNanos()) / 1_000_000;
            if (silent >= silence) {
                response.giveUp();
            } else {
                watch(response, silence - silent);
            }
        }));
    }

    private void release(TurnResponse response) {
        remove(response);
        Cover cover = response.takeCover();
        if (cover != null) {
            cover.release();
        }
        response.isOver();
        parts.life().progressed();
    }

    private void remove(TurnResponse response) {
        open.remove(response);
        openCount = open.size();
        parts.vertx().cancelTimer(response.watchTimer());
        if (active == response) {
            active = null;
        }
    }
}
