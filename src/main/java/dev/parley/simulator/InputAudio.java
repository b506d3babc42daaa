package dev.parley.simulator;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.conversation.AudioBuffer;
import dev.parley.conversation.Checks;
import dev.parley.conversation.ConversationEvents;
import dev.parley.conversation.Ids;
import dev.parley.conversation.Item;
import dev.parley.conversation.ItemRules;
import dev.parley.conversation.Trees;
import dev.parley.conversation.TurnDetection;
import org.jspecify.annotations.Nullable;

/** What the client speaks: the buffer, the turns found in it, and the items that they become. Confined to the event loop. */
final class InputAudio implements VoiceActivity.Listener {
    /** Eleven minutes of pcm16 without a commit. */
    private static final int BUFFER_BYTES_MAX = 32 << 20;
    /** Silence that is kept behind the padding, for a commit by hand. */
    private static final int SILENCE_KEPT_MILLIS = 2_000;

    private final SessionParts parts;
    private final Transcriptions transcriptions;
    private final Responses responses;
    private final AudioBuffer buffer = new AudioBuffer(BUFFER_BYTES_MAX);
    private final VoiceActivity voiceActivity = new VoiceActivity(this);
    private @Nullable TurnDetection detection;
    private @Nullable String speechItemId;
    private long speechStartMillis;
    private long idleTimer = -1;
    private long idleFromMillis;

    InputAudio(SessionParts parts, Transcriptions transcriptions, Responses responses) {
        this.parts = parts;
        this.transcriptions = transcriptions;
        this.responses = responses;
        onSessionUpdated();
    }

    void onSessionUpdated() {
        boolean wasOn = detection != null;
        buffer.format(parts.state().inputFormat());
        detection = parts.state().turnDetection();
        if (detection == null || !wasOn) {
            voiceActivity.reset(buffer.endMillis());
            speechItemId = null;
        }
        if (detection != null) {
            voiceActivity.configure(detection.threshold(), detection.silenceMillis());
        }
    }

    void append(ObjectNode event) {
        String base64 = Checks.requiredText(event, "audio", "audio");
        hear(ItemRules.audio(base64, "audio", buffer.format()));
    }

    void hear(byte[] audio) {
        buffer.append(audio);
        if (detection != null) {
            voiceActivity.hear(audio, buffer.format());
            if (detection != null && !voiceActivity.speaking()) {
                long kept = (long) detection.prefixPaddingMillis() + SILENCE_KEPT_MILLIS;
                if (buffer.bufferedMillis() > 2.0 * kept) {
                    buffer.dropBefore(buffer.endMillis() - kept);
                }
            }
        }
    }

    void commit() {
        buffer.checkCommit();
        String id = speechItemId == null ? Ids.next("item_") : speechItemId;
        voiceActivity.reset(buffer.endMillis());
        speechItemId = null;
        commit(id, buffer.takeAll());
    }

    void clear() {
        buffer.takeAll();
        voiceActivity.reset(buffer.endMillis());
        speechItemId = null;
        parts.wire().send(Trees.event("input_audio_buffer.cleared"));
    }

    @Override
    public void onSpeechStarted(long onsetMillis) {
        parts.timers().cancel(idleTimer);
        String id = Ids.next("item_");
        speechItemId = id;
        TurnDetection rules = detection;
        int padding = rules == null ? 0 : rules.prefixPaddingMillis();
        speechStartMillis = Math.max(onsetMillis - padding, buffer.startMillis());
        parts.wire()
                .send(Trees.event("input_audio_buffer.speech_started")
                        .put("audio_start_ms", speechStartMillis)
                        .put("item_id", id));
        if (rules != null && rules.interruptsResponse()) {
            responses.interrupt();
        }
    }

    @Override
    public void onSpeechStopped(long nowMillis) {
        String id = speechItemId == null ? Ids.next("item_") : speechItemId;
        speechItemId = null;
        parts.wire()
                .send(Trees.event("input_audio_buffer.speech_stopped")
                        .put("audio_end_ms", nowMillis)
                        .put("item_id", id));
        commit(id, buffer.take(speechStartMillis, nowMillis));
        if (detection != null && detection.createsResponse() && !parts.state().isTranscription()) {
            responses.createAutomatically();
        }
    }

    /**
     * Starts the idle timeout.
     *
     * @param audioMillis how long the user hears the answer: the timeout begins when it was played
     */
    void onResponseEnded(int audioMillis) {
        parts.timers().cancel(idleTimer);
        TurnDetection rules = detection;
        if (rules != null && rules.idleTimeoutMillis() > 0 && !voiceActivity.speaking()) {
            idleFromMillis = buffer.endMillis();
            int wait = parts.script().count(ScriptKey.IDLE_TIMEOUT_MILLIS, rules.idleTimeoutMillis() + audioMillis);
            idleTimer = parts.timers().after(wait, this::onIdle);
        }
    }

    private void onIdle() {
        if (detection == null || voiceActivity.speaking() || responses.isActive()) {
            return;
        }
        String id = Ids.next("item_");
        parts.wire()
                .send(Trees.event("input_audio_buffer.timeout_triggered")
                        .put("audio_start_ms", idleFromMillis)
                        .put("audio_end_ms", buffer.endMillis())
                        .put("item_id", id));
        commit(id, buffer.take(idleFromMillis, buffer.endMillis()));
        responses.createAutomatically();
    }

    private void commit(String id, byte[] audio) {
        Item item = Item.spoken(id, buffer.format(), audio);
        String previous = parts.conversation().add(item);
        parts.wire()
                .send(Trees.event("input_audio_buffer.committed")
                        .put("previous_item_id", previous)
                        .put("item_id", id));
        parts.wire().send(ConversationEvents.itemEvent("conversation.item.added", previous, item));
        parts.wire().send(ConversationEvents.itemEvent("conversation.item.done", previous, item));
        transcriptions.begin(item);
    }
}
