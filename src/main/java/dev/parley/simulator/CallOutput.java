package dev.parley.simulator;

import dev.parley.conversation.AudioFormat;
import dev.parley.conversation.Ids;
import dev.parley.conversation.Item;
import dev.parley.conversation.Tokens;
import dev.parley.conversation.Trees;
import java.util.List;

/** A function call. Confined to the session's event loop. */
final class CallOutput implements Output {
    private static final int MILLIS_PER_TOKEN = 100;

    private final OutputEvents events;
    private final Meter meter;
    private final Reply.Call call;
    private final List<String> pieces;
    private final StringBuilder written = new StringBuilder();
    private final String callId = Ids.next("call_");
    private final Item item;
    private int next;

    CallOutput(OutputEvents events, Meter meter, Reply.Call call) {
        this.events = events;
        this.meter = meter;
        this.call = call;
        this.pieces = Reply.pieces(call.arguments());
        this.item = new Item(
                Trees.object()
                        .put("id", Ids.next("item_"))
                        .put("type", "function_call")
                        .put("status", "in_progress")
                        .put("name", call.name())
                        .put("call_id", callId)
                        .put("arguments", ""),
                AudioFormat.PCM,
                null,
                0);
    }

    @Override
    public void begin() {
        meter.takeText(Tokens.ofText(call.name()));
        events.itemAdded(item);
    }

    @Override
    public Progress next() {
        if (next == pieces.size()) {
            return Progress.COMPLETE;
        }
        if (!meter.takeText()) {
            return Progress.FULL;
        }
        String piece = pieces.get(next++);
        written.append(piece);
        events.send(events.output("response.function_call_arguments.delta", item)
                .put("call_id", callId)
                .put("delta", piece)
                .put("obfuscation", Ids.obfuscation(piece)));
        return Progress.DELTA;
    }

    @Override
    public int spokenMillis() {
        return MILLIS_PER_TOKEN;
    }

    @Override
    public void end(String status) {
        item.json().put("arguments", written.toString()).put("status", status);
        events.send(events.output("response.function_call_arguments.done", item)
                .put("call_id", callId)
                .put("name", call.name())
                .put("arguments", written.toString()));
        events.outputItemDone(item);
        events.conversationItemDone(item);
    }

    @Override
    public Item item() {
        return item;
    }
}
