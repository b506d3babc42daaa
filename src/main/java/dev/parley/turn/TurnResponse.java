package dev.parley.turn;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.conversation.Ids;
import dev.parley.conversation.Trees;
import dev.parley.domain.Refusal;
import dev.parley.protocol.EventType;
import dev.parley.session.Cover;
import dev.parley.session.Delivered;
import dev.parley.session.InputTokens;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One response of one session, from its cover to its end. What the provider says of it is told to the client as if the
 * response had run in the session's own conversation: with the client's metadata, the conversation's id, and the items of
 * the conversation. On the session's event loop.
 */
final class TurnResponse implements ResponseOwner {
    private final Wish wish;
    private final OutputItems items;
    private final Outbox outbox;
    private final Turns turns;
    private final Delivered delivered = new Delivered();
    private final Promise<Void> over = Promise.promise();
    private @Nullable ResponseRequest request;
    private @Nullable Cover cover;
    private @Nullable SharedUpstream upstream;
    private @Nullable ObjectNode created;
    private @Nullable String id;
    private @Nullable SeenIds seen;
    private Phase phase = Phase.WAITING;
    private boolean cancelled;
    private long heardNanos;
    private long watchTimer = -1;

    private enum Phase {
        WAITING,
        ASKED,
        ENDED
    }

    /**
     * What the client asked for.
     *
     * @param conversationId null for a response out of band
     * @param metadata the client's own; JSON null without
     * @param input what it reads, at most
     */
    record Wish(
            Instant asked,
            @Nullable String clientEventId,
            @Nullable String conversationId,
            boolean textOnly,
            int outputBytesPerMilli,
            JsonNode metadata,
            InputTokens input) {
        boolean standard() {
            return conversationId != null;
        }
    }

    TurnResponse(Wish wish, ResponseRequest request, OutputItems items, Outbox outbox, Turns turns) {
        this.wish = wish;
        this.request = request;
        this.items = items;
        this.outbox = outbox;
        this.turns = turns;
    }

    Wish wish() {
        return wish;
    }

    /** Null until it is decided, and again when it is taken to be settled. */
    @Nullable
    Cover takeCover() {
        Cover taken = cover;
        cover = null;
        return taken;
    }

    void coverBy(Cover found) {
        cover = found;
    }

    /** The provider's id; null until it is created. */
    @Nullable
    String id() {
        return id;
    }

    /** The id that the client knows; null until it is created. */
    @Nullable
    String seenId() {
        SeenIds ids = seen;
        return ids == null ? null : ids.response();
    }

    @Nullable
    SharedUpstream upstream() {
        return upstream;
    }

    Delivered delivered() {
        return delivered;
    }

    @Override
    public int waitingBytes() {
        ResponseRequest waiting = request;
        return waiting == null ? 0 : waiting.bytes();
    }

    /** Completes when all that the client hears of it is on its way. */
    Future<Void> over() {
        return over.future();
    }

    void isOver() {
        over.tryComplete();
    }

    /** Asks the provider to stop; true the first time. */
    boolean cancel() {
        boolean first = !cancelled && phase != Phase.ENDED;
        cancelled = true;
        if (first) {
            stop();
        }
        return first;
    }

    /** Nobody waits for it any more: it ends as far as it has come. */
    void giveUp() {
        SharedUpstream on = upstream;
        if (on != null) {
            on.abandon(this);
        }
        lost();
    }

    long heardNanos() {
        return heardNanos;
    }

    /** The timer that looks for its silence. */
    long watchTimer() {
        return watchTimer;
    }

    void watchedBy(long timer) {
        watchTimer = timer;
    }

    @Override
    public boolean waits() {
        return phase == Phase.WAITING;
    }

    @Override
    public Buffer request(SharedUpstream on, String correlation) {
        phase = Phase.ASKED;
        upstream = on;
        heardNanos = turns.nanos();
        Buffer event = Objects.requireNonNull(request)
                .event(correlation, Objects.requireNonNull(cover).outputTokensMax());
        request = null;
        return event;
    }

    @Override
    public void unavailable(Refusal refusal) {
        if (end()) {
            turns.refused(this, refusal);
        }
    }

    @Override
    public void created(ObjectNode event) {
        heardNanos = turns.nanos();
        String provided = event.path("response").path("id").asText();
        id = provided;
        seen = turns.seenIds(provided);
        see(event);
        created = event;
        SharedUpstream on = Objects.requireNonNull(upstream, "it was asked there");
        turns.recording().created(provided, wish.asked(), on.session().account());
        outbox.send(restored(event));
        if (cancelled) {
            stop();
        } else if (turns.isUnbounded(event.path("response"))) {
            turns.cancel(this);
        }
    }

    @Override
    public void event(EventType type, ObjectNode event) {
        heardNanos = turns.nanos();
        see(event);
        String name = event.path("type").asText();
        boolean audio = type == EventType.RESPONSE_OUTPUT_AUDIO_DELTA;
        if (name.endsWith(".delta")) {
            Buffer utf8 = Buffer.buffer(Trees.writeBytes(event));
            delivered.add(utf8.length(), audio);
            turns.recording().delivered(Objects.requireNonNull(id, "it was created"), audio);
            outbox.send(type, utf8);
            if (audio) {
                turns.spoke();
            }
            if (audio && wish.standard()) {
                items.audio(event);
            }
        } else if (wish.standard() && name.equals("response.output_item.added")) {
            items.added(event);
        } else if (wish.standard() && name.equals("response.output_item.done")) {
            items.done(event);
        } else {
            outbox.send(event);
        }
    }

    @Override
    public void done(ObjectNode event) {
        if (end()) {
            see(event);
            turns.done(this, event.path("response"), restored(event));
        }
    }

    @Override
    public void refused(JsonNode error) {
        if (end()) {
            turns.refused(this, error);
        }
    }

    @Override
    public void lost() {
        ObjectNode begun = created;
        if (!end()) {
            return;
        }
        if (begun == null) {
            turns.refused(this, SharedUpstream.unavailable());
            return;
        }
        if (wish.standard()) {
            items.cut();
        }
        ObjectNode done = restored(begun).put("type", "response.done").put("event_id", Ids.next("event_"));
        if (done.path("response") instanceof ObjectNode response) {
            response.put("status", cancelled ? "cancelled" : "failed").putNull("usage");
            ObjectNode details = response.putObject("status_details");
            if (cancelled) {
                details.put("type", "cancelled").put("reason", "client_cancelled");
            } else {
                details.put("type", "failed")
                        .putObject("error")
                        .put("type", "server_error")
                        .put("code", "upstream_lost")
                        .put("message", "The connection to the upstream was lost.");
            }
        }
        turns.lost(this, done);
    }

    private boolean end() {
        boolean first = phase != Phase.ENDED;
        phase = Phase.ENDED;
        request = null;
        String provided = id;
        if (first && provided != null) {
            turns.recording().done(provided);
        }
        return first;
    }

    private void stop() {
        SharedUpstream running = upstream;
        String provided = id;
        if (running != null && provided != null) {
            running.cancel(provided);
        }
    }

    private void see(ObjectNode event) {
        SeenIds ids = seen;
        if (ids != null) {
            ids.apply(event);
        }
    }

    /** The event with the client's metadata and the session's conversation. */
    private ObjectNode restored(ObjectNode event) {
        ObjectNode told = event.deepCopy();
        if (told.path("response") instanceof ObjectNode response) {
            response.set("metadata", wish.metadata());
            String conversation = wish.conversationId();
            response.set(
                    "conversation_id", conversation == null ? NullNode.getInstance() : response.textNode(conversation));
        }
        return told;
    }
}
