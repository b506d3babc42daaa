package dev.parley.dialect;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.DecimalNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vertx.core.buffer.Buffer;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The beta of the Realtime API ({@code OpenAI-Beta: realtime=v1}), which providers no longer speak but clients do. Fields
 * that GA has and the beta had not are forwarded; events of that kind are dropped where they break strict clients.
 *
 * <p>Each event is translated by itself. What is remembered is what GA cannot echo: the temperature, which is not sent on, and
 * whether the client calls audio {@code ["audio"]} or {@code ["text","audio"]}. A temperature outside of 0.6 to 1.2 is left in its place,
 * where the provider refuses it. One session; one event loop.
 */
public final class BetaDialect implements Dialect {
    private static final BigDecimal TEMPERATURE_MIN = new BigDecimal("0.6");
    private static final BigDecimal TEMPERATURE_MAX = new BigDecimal("1.2");
    private static final byte[] ASSISTANT = "\"assistant\"".getBytes(StandardCharsets.US_ASCII);

    /** Events that differ in their name only. */
    private static final Map<String, String> NAMES = Map.of(
            "response.output_text.delta", "response.text.delta",
            "response.output_text.done", "response.text.done",
            "response.output_audio.delta", "response.audio.delta",
            "response.output_audio.done", "response.audio.done",
            "response.output_audio_transcript.delta", "response.audio_transcript.delta",
            "response.output_audio_transcript.done", "response.audio_transcript.done");

    private static final Set<String> UNKNOWN_TO_BETA = Set.of(
            "conversation.item.done",
            "input_audio_buffer.timeout_triggered",
            "input_audio_buffer.dtmf_event_received",
            "mcp_list_tools.in_progress",
            "mcp_list_tools.completed",
            "mcp_list_tools.failed",
            "response.mcp_call.in_progress",
            "response.mcp_call.completed",
            "response.mcp_call.failed",
            "response.mcp_call_arguments.delta",
            "response.mcp_call_arguments.done");

    private final boolean transcription;
    private final @Nullable ModelAlias alias;
    private JsonNode temperature = DecimalNode.valueOf(new BigDecimal("0.8"));
    private JsonNode audio = Modalities.list("audio", "text");

    /**
     * @param transcription whether the session transcribes only
     * @param alias null if the client calls its model what the provider calls it
     */
    public BetaDialect(boolean transcription, @Nullable ModelAlias alias) {
        this.transcription = transcription;
        this.alias = alias;
    }

    /** What GA calls a session's setting that the beta calls so; the same if it has no other name. */
    public static String settingInGa(String name) {
        return Layout.SESSION.nestedName(name);
    }

    @Override
    public boolean rewritesServerEvents() {
        return true;
    }

    @Override
    public Translation fromClient(Buffer utf8) {
        return switch (Edits.type(utf8)) {
            case "session.update", "transcription_session.update" -> Edits.edited(utf8, this::update);
            case "response.create" -> Edits.edited(utf8, BetaDialect::request);
            case "conversation.item.create" ->
                contains(utf8.getBytes(), ASSISTANT) // an item can be megabytes of audio
                        ? Edits.edited(utf8, event -> Items.toGa(event.path("item")))
                        : Translation.UNCHANGED;
            case null, default -> Translation.UNCHANGED;
        };
    }

    @Override
    public Translation toClient(Buffer utf8) {
        String type = Edits.type(utf8);
        if (type == null) {
            return Translation.UNCHANGED;
        }
        String name = NAMES.get(type);
        if (name != null) {
            return Edits.renamed(utf8, name);
        }
        return switch (type) {
            case "session.created", "session.updated" -> Edits.edited(utf8, this::session);
            case "conversation.item.added" ->
                Edits.edited(utf8, event -> {
                    event.put("type", "conversation.item.created");
                    Items.toBeta(event.path("item"));
                    return true;
                });
            case "conversation.item.created",
                    "conversation.item.retrieved",
                    "response.output_item.added",
                    "response.output_item.done" -> Edits.edited(utf8, event -> Items.toBeta(event.path("item")));
            case "response.created", "response.done" -> Edits.edited(utf8, this::response);
            case "error" -> Edits.edited(utf8, BetaDialect::error);
            default -> UNKNOWN_TO_BETA.contains(type) ? Translation.DROPPED : Translation.UNCHANGED;
        };
    }

    private boolean update(ObjectNode event) {
        boolean renamed = !"session.update".equals(event.path("type").textValue());
        if (renamed) {
            event.put("type", "session.update");
        }
        return (event.get("session") instanceof ObjectNode settings && settings(settings, transcription || renamed))
                || renamed;
    }

    private boolean settings(ObjectNode settings, boolean transcribes) {
        boolean changed = Layout.SESSION.nest(settings);
        if (!settings.has("type")) {
            settings.put("type", transcribes ? "transcription" : "realtime");
            changed = true;
        }
        if (transcribes) {
            changed |= settings.remove("modalities") != null; // known to the beta, and without meaning
        } else {
            changed |= askModalities(settings);
            changed |= askTemperature(settings);
        }
        ModelAlias name = alias;
        return (name != null && name.resolve(settings)) || changed;
    }

    private boolean askModalities(ObjectNode settings) {
        JsonNode asked = settings.remove("modalities");
        if (asked == null) {
            return false;
        }
        if (Modalities.hasAudio(asked)) {
            audio = asked;
        }
        settings.set("output_modalities", Modalities.toGa(asked));
        return true;
    }

    private boolean askTemperature(ObjectNode settings) {
        JsonNode asked = settings.path("temperature");
        if (!isTemperature(asked)) {
            return false;
        }
        temperature = asked;
        settings.remove("temperature");
        return true;
    }

    /** Of one response; it is not remembered, because no response tells which request it is the answer to. */
    private static boolean request(ObjectNode event) {
        if (!(event.get("response") instanceof ObjectNode response)) {
            return false;
        }
        boolean changed = Layout.REQUEST.nest(response);
        JsonNode modalities = response.remove("modalities");
        if (modalities != null) {
            response.set("output_modalities", Modalities.toGa(modalities));
            changed = true;
        }
        if (isTemperature(response.path("temperature"))) {
            response.remove("temperature");
            changed = true;
        }
        return Items.allToGa(response.path("input")) || changed;
    }

    private static boolean isTemperature(JsonNode asked) {
        return asked.isNumber()
                && asked.decimalValue().compareTo(TEMPERATURE_MIN) >= 0
                && asked.decimalValue().compareTo(TEMPERATURE_MAX) <= 0;
    }

    private boolean session(ObjectNode event) {
        if (!(event.get("session") instanceof ObjectNode settings)) {
            return false;
        }
        boolean transcribes =
                transcription || "transcription".equals(settings.path("type").textValue());
        settings.remove("type");
        Layout.SESSION.flatten(settings);
        if (transcribes) {
            event.put("type", "transcription_" + event.path("type").asText());
        } else {
            tellModalities(settings);
            settings.set("temperature", temperature);
        }
        return true;
    }

    private boolean response(ObjectNode event) {
        if (!(event.get("response") instanceof ObjectNode response)) {
            return false;
        }
        Layout.RESPONSE.flatten(response);
        tellModalities(response);
        response.set("temperature", temperature);
        Items.allToBeta(response.path("output"));
        return true;
    }

    private void tellModalities(ObjectNode object) {
        JsonNode told = object.remove("output_modalities");
        if (told != null) {
            object.set("modalities", Modalities.toBeta(told, audio));
        }
    }

    /** The field at fault is named as the client has named it. */
    private static boolean error(ObjectNode event) {
        String param = event.path("error").path("param").textValue();
        if (param == null || !(event.get("error") instanceof ObjectNode error)) {
            return false;
        }
        String flat = param.startsWith("session.")
                ? "session." + Layout.SESSION.flatName(param.substring("session.".length()))
                : param.startsWith("response.")
                        ? "response." + Layout.RESPONSE.flatName(param.substring("response.".length()))
                        : param;
        error.put("param", flat);
        return !flat.equals(param);
    }

    private static boolean contains(byte[] bytes, byte[] part) {
        int last = bytes.length - part.length;
        for (int at = 0; at <= last; at++) {
            int same = 0;
            while (same < part.length && bytes[at + same] == part[same]) {
                same++;
            }
            if (same == part.length) {
                return true;
            }
        }
        return false;
    }
}
