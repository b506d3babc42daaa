package dev.parley.conversation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** An item of a conversation, its audio apart from its JSON. Confined to the session's event loop. */
public final class Item {
    private final ObjectNode json;
    private final AudioFormat format;
    private byte @Nullable [] audio;
    private int audioMillis;
    private final int characters;
    private int revision;
    /** What is left of the assistant's words after the audio was cut; null while it was not. */
    private @Nullable String heard;

    /**
     * @param json without audio bytes
     * @param audioMillis length of its audio, 0 without
     */
    public Item(ObjectNode json, AudioFormat format, byte @Nullable [] audio, int audioMillis) {
        this.json = json;
        this.format = format;
        this.audio = audio;
        this.audioMillis = audioMillis;
        this.characters = charactersOf(json);
    }

    /** What the user said into the buffer. */
    public static Item spoken(String id, AudioFormat format, byte[] audio) {
        ObjectNode json = Trees.object()
                .put("id", id)
                .put("type", "message")
                .put("status", "completed")
                .put("role", "user");
        json.putArray("content").addObject().put("type", "input_audio").putNull("transcript");
        return new Item(json, format, audio, format.millis(audio.length));
    }

    public String id() {
        return json.path("id").asText();
    }

    /** As events show it: never with audio. */
    public ObjectNode json() {
        return json;
    }

    public String type() {
        return json.path("type").asText();
    }

    public String role() {
        return json.path("role").asText();
    }

    public boolean isAssistantMessage() {
        return type().equals("message") && role().equals("assistant");
    }

    public int audioMillis() {
        return audioMillis;
    }

    public void audioMillis(int millis) {
        audioMillis = millis;
        revision++;
    }

    /** Bytes that {@link #forgetAudio} would free. */
    public int audioBytes() {
        return audio == null ? 0 : audio.length;
    }

    /** What the client put into it as text, arguments, output and images. */
    public int characters() {
        return characters;
    }

    private static int charactersOf(JsonNode node) {
        int sum = node.isTextual() ? node.textValue().length() : 0;
        for (JsonNode child : node) {
            sum += charactersOf(child);
        }
        return sum;
    }

    public void forgetAudio() {
        audio = null;
    }

    /** The assistant's words as far as they were played: all of them, or after {@link #truncate} their first part. */
    public String heard() {
        String left = heard;
        return left == null ? text() : left;
    }

    /** Cuts the audio and drops the transcript. */
    public void truncate(int millis) {
        String words = heard();
        heard = audioMillis == 0 ? "" : words.substring(0, (int) ((long) words.length() * millis / audioMillis));
        audioMillis = millis;
        revision++;
        content().forEach(part -> {
            if (part instanceof ObjectNode object && object.has("transcript")) {
                object.putNull("transcript");
            }
        });
    }

    public ArrayNode content() {
        return json.path("content") instanceof ArrayNode parts ? parts : Trees.array();
    }

    public void transcript(String transcript) {
        content().forEach(part -> {
            if (part instanceof ObjectNode object
                    && object.path("type").asText().equals("input_audio")) {
                object.put("transcript", transcript);
            }
        });
    }

    /** All that can be read in it, or an empty text. */
    public String text() {
        StringBuilder text = new StringBuilder();
        for (JsonNode part : content()) {
            String words = part.has("text")
                    ? part.path("text").asText()
                    : part.path("transcript").asText("");
            text.append(text.isEmpty() || words.isEmpty() ? "" : " ").append(words);
        }
        return text.toString();
    }

    /** Counts the changes of what a response reads in it. */
    public int revision() {
        return revision;
    }

    /** The audio, in {@link #format()}; null without, or when it was forgotten. */
    public byte @Nullable [] audio() {
        return audio;
    }

    public AudioFormat format() {
        return format;
    }

    public Tokens tokens() {
        Tokens tokens = switch (type()) {
            case "function_call" ->
                Tokens.text(json.path("name").asText() + json.path("arguments").asText());
            case "function_call_output" -> Tokens.text(json.path("output").asText());
            case "message" -> Tokens.NONE;
            default -> Tokens.text(Trees.write(json));
        };
        for (JsonNode part : content()) {
            tokens = tokens.plus(
                    switch (part.path("type").asText()) {
                        case "input_audio" -> new Tokens(0, Tokens.ofUserAudio(audioMillis), 0);
                        case "output_audio" ->
                            new Tokens(
                                    Tokens.ofText(part.path("transcript").asText("")),
                                    Tokens.ofAssistantAudio(audioMillis),
                                    0);
                        case "input_image" -> Tokens.ofImage(part);
                        default -> Tokens.text(part.path("text").asText());
                    });
        }
        return tokens;
    }

    /** As {@code conversation.item.retrieved} shows it. */
    public ObjectNode retrieved(byte[] withAudio) {
        ObjectNode whole = json.deepCopy();
        whole.path("content").forEach(part -> {
            if (part instanceof ObjectNode object
                    && object.path("type").asText().endsWith("_audio")) {
                object.put("audio", Base64.getEncoder().encodeToString(withAudio));
                object.put("format", format == AudioFormat.PCM ? "pcm16" : format.type());
            }
        });
        return whole;
    }
}
