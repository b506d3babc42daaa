package dev.parley.simulator;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.conversation.AudioFormat;
import dev.parley.conversation.Ids;
import dev.parley.conversation.Item;
import dev.parley.conversation.Trees;
import java.util.Base64;
import java.util.List;

/** A message, as text or as audio with its transcript. Confined to the session's event loop. */
final class MessageOutput implements Output {
    /** A token of about four characters takes a quarter of a second to say. */
    private static final int MILLIS_PER_TOKEN = 250;

    private final OutputEvents events;
    private final Meter meter;
    private final Voice voice;
    private final AudioFormat format;
    private final boolean audio;
    private final int deltaMillis;
    private final List<String> pieces;
    private final StringBuilder said = new StringBuilder();
    private final Item item;
    private int next;
    private int unsentMillis;
    private int sentMillis;
    private int spokenMillis;

    /** @param audioDeltaCharacters base64 characters in an audio delta; 0 is a quarter of a second of audio */
    MessageOutput(
            OutputEvents events,
            Meter meter,
            Voice voice,
            ResponseRequest request,
            String text,
            int audioDeltaCharacters,
            boolean phased) {
        this.events = events;
        this.meter = meter;
        this.voice = voice;
        this.format = request.format();
        this.audio = request.audio();
        this.pieces = Reply.pieces(text);
        this.deltaMillis = audioDeltaCharacters == 0
                ? MILLIS_PER_TOKEN
                : Math.max(1, format.millis(audioDeltaCharacters / 4L * 3));
        ObjectNode json = Trees.object()
                .put("id", Ids.next("item_"))
                .put("type", "message")
                .put("status", "in_progress")
                .put("role", "assistant");
        if (phased) {
            json.put("phase", "final_answer");
        }
        json.putArray("content");
        this.item = new Item(json, format, null, 0);
    }

    @Override
    public void begin() {
        events.itemAdded(item);
        ObjectNode event = events.content("response.content_part.added", item);
        event.set("part", part(""));
        events.send(event);
    }

    @Override
    public Progress next() {
        if (unsentMillis >= deltaMillis || (next == pieces.size() && unsentMillis > 0)) {
            sendAudio(Math.min(deltaMillis, unsentMillis));
            return Progress.DELTA;
        }
        if (next == pieces.size()) {
            return Progress.COMPLETE;
        }
        if (!meter.takeText()) {
            return full();
        }
        sendText(pieces.get(next++));
        return Progress.DELTA;
    }

    private Progress full() {
        if (unsentMillis > 0) {
            sendAudio(unsentMillis);
        }
        return Progress.FULL;
    }

    private void sendText(String piece) {
        said.append(piece);
        if (audio) {
            unsentMillis += meter.takeAudio(MILLIS_PER_TOKEN);
            spokenMillis = 0;
        } else {
            spokenMillis = MILLIS_PER_TOKEN;
        }
        events.send(
                events.content(named(".delta"), item).put("delta", piece).put("obfuscation", Ids.obfuscation(piece)));
    }

    private void sendAudio(int millis) {
        String base64 = Base64.getEncoder().encodeToString(voice.speak(sentMillis, millis, format));
        unsentMillis -= millis;
        sentMillis += millis;
        spokenMillis = millis;
        events.send(events.content("response.output_audio.delta", item).put("delta", base64));
    }

    @Override
    public int spokenMillis() {
        return spokenMillis;
    }

    @Override
    public void end(String status) {
        ObjectNode content = Trees.object().put("type", audio ? "output_audio" : "output_text");
        content.put(audio ? "transcript" : "text", said.toString());
        item.content().add(content);
        item.json().put("status", status);
        item.audioMillis(sentMillis);
        if (audio) {
            events.send(events.content("response.output_audio.done", item));
        }
        events.send(events.content(named(".done"), item).put(audio ? "transcript" : "text", said.toString()));
        ObjectNode partDone = events.content("response.content_part.done", item);
        partDone.set("part", part(said.toString()));
        events.send(partDone);
        events.conversationItemDone(item);
        events.outputItemDone(item);
    }

    @Override
    public Item item() {
        return item;
    }

    private String named(String suffix) {
        return (audio ? "response.output_audio_transcript" : "response.output_text") + suffix;
    }

    private ObjectNode part(String text) {
        return Trees.object().put("type", audio ? "audio" : "text").put(audio ? "transcript" : "text", text);
    }
}
