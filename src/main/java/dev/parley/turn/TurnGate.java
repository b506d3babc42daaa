package dev.parley.turn;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.conversation.AudioBuffer;
import dev.parley.conversation.Checks;
import dev.parley.conversation.ClientError;
import dev.parley.conversation.ConversationEvents;
import dev.parley.conversation.EventRules;
import dev.parley.conversation.Ids;
import dev.parley.conversation.Item;
import dev.parley.conversation.ItemRules;
import dev.parley.conversation.Trees;
import dev.parley.domain.Refusal;
import dev.parley.protocol.InputSize;
import dev.parley.protocol.Json;
import dev.parley.relay.Delivery;
import dev.parley.relay.Gate;
import dev.parley.relay.LegEnd;
import dev.parley.relay.MessageHead;
import dev.parley.session.ClientSide;
import dev.parley.session.Ending;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Answers what the client sends as the provider would: one event after the other; while a decision takes time nothing more
 * is read. On the session's event loop.
 */
final class TurnGate implements Gate {
    private final ClientSide client;
    private final TurnParts parts;
    private final Turns turns;
    private final Consumer<LegEnd> ended;
    private final ConversationEvents items;
    private final AudioBuffer buffer;

    TurnGate(ClientSide client, TurnParts parts, Turns turns, Consumer<LegEnd> ended) {
        this.client = client;
        this.parts = parts;
        this.turns = turns;
        this.ended = ended;
        this.items = new ConversationEvents(
                parts.conversation(), parts.settings().state()::inputFormat, parts.outbox()::send, TurnGate::retrieved);
        this.buffer = new AudioBuffer(parts.limits().bufferBytesMax());
    }

    @Override
    public Verdict onMessage(MessageHead head) {
        if (!parts.life().live()) {
            return Verdict.DROP;
        }
        if (!head.isText()) {
            parts.life().end(Ending.binary());
            return Verdict.DROP;
        }
        return Verdict.COLLECT;
    }

    @Override
    public Delivery onCollected(MessageHead head, Buffer utf8) {
        Future<Void> decided = judged(utf8);
        if (!decided.isComplete()) {
            client.pause();
            decided.onComplete(_ -> client.resume());
        }
        return Delivery.dropped();
    }

    @Override
    public void onEnd(LegEnd end) {
        ended.accept(end);
    }

    private Future<Void> judged(Buffer utf8) {
        if (!parts.life().live()) {
            return Future.succeededFuture();
        }
        String eventId = null;
        try {
            if (!(Json.object(utf8).orElse(null) instanceof ObjectNode event)) {
                throw EventRules.unreadable("it is not one JSON object, or it has a key twice or is nested too deeply");
            }
            eventId = event.path("event_id").textValue();
            String type = Checks.requiredText(event, "type", "type");
            EventRules.check(type, event);
            long millis = audioMillis(type, utf8);
            return millis == 0 ? answered(type, event) : counted(millis, type, event);
        } catch (ClientError error) {
            parts.outbox().send(error.toEvent(eventId));
            return Future.succeededFuture();
        }
    }

    /** How much audio comes with an event, at most; 0 when nobody counts it. */
    private long audioMillis(String type, Buffer utf8) {
        boolean carries = switch (type) {
            case "input_audio_buffer.append", "conversation.item.create", "response.create" -> true;
            default -> false;
        };
        return carries && parts.order().permit().countsAudio()
                ? InputSize.of(utf8)
                        .map(size ->
                                Math.ceilDiv(size.audioBytes(), buffer.format().bytesPerMilli()))
                        .orElse(0L)
                : 0;
    }

    private Future<Void> counted(long millis, String type, ObjectNode event) {
        return parts.order().permit().countAudio(millis).compose(refusal -> {
            if (refusal.isPresent()) {
                refuse(refusal.get(), event);
                return Future.succeededFuture();
            }
            return answered(type, event);
        });
    }

    private Future<Void> answered(String type, ObjectNode event) {
        try {
            return answer(type, event);
        } catch (ClientError error) {
            parts.outbox().send(error.toEvent(event.path("event_id").textValue()));
            return Future.succeededFuture();
        }
    }

    private Future<Void> answer(String type, ObjectNode event) {
        switch (type) {
            case "session.update" -> update(event);
            case "input_audio_buffer.append" -> append(event);
            case "input_audio_buffer.commit" -> commit();
            case "input_audio_buffer.clear" -> {
                buffer.takeAll();
                parts.outbox().send(Trees.event("input_audio_buffer.cleared"));
            }
            case "conversation.item.create" ->
                TurnRules.ofItem(event.path("item"), "item")
                        .ifPresentOrElse(refusal -> refuse(refusal, event), () -> items.create(event));
            case "conversation.item.truncate" -> items.truncate(event);
            case "conversation.item.delete" -> items.delete(event);
            case "conversation.item.retrieve" -> items.retrieve(event);
            case "response.create" -> {
                return turns.create(event);
            }
            case "response.cancel" -> {
                return turns.cancel(event);
            }
            default -> throw EventRules.unknownType(type);
        }
        return Future.succeededFuture();
    }

    private void update(ObjectNode event) {
        Optional<Refusal> refusal = parts.settings().update(event, turns.hasSpoken());
        if (refusal.isPresent()) {
            refuse(refusal.get(), event);
            return;
        }
        buffer.format(parts.settings().state().inputFormat());
        parts.outbox().send(parts.settings().event("session.updated"));
    }

    private void refuse(Refusal refusal, ObjectNode event) {
        parts.life().refuse(refusal, event.path("event_id").textValue());
    }

    private void append(ObjectNode event) {
        buffer.append(ItemRules.audio(Checks.requiredText(event, "audio", "audio"), "audio", buffer.format()));
    }

    private void commit() {
        buffer.checkCommit();
        Item item = Item.spoken(Ids.next("item_"), buffer.format(), buffer.takeAll());
        String previous = parts.conversation().add(item);
        parts.outbox()
                .send(Trees.event("input_audio_buffer.committed")
                        .put("previous_item_id", previous)
                        .put("item_id", item.id()));
        items.announce(item, previous);
    }

    private static ObjectNode retrieved(Item item) {
        byte[] audio = item.audio();
        if (audio == null) {
            return item.json().deepCopy();
        }
        int heard = (int)
                Math.min(audio.length, (long) item.audioMillis() * item.format().bytesPerMilli());
        return item.retrieved(Arrays.copyOf(audio, heard));
    }
}
