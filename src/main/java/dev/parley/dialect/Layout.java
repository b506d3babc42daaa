package dev.parley.dialect;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * Where settings lie: flat in the beta, nested in GA. A setting that is absent stays absent, because both shapes are partial
 * updates; one that is null stays null.
 */
final class Layout {
    /** Of a session, in both directions. */
    static final Layout SESSION = new Layout(
            new Setting("voice", List.of("audio", "output", "voice")),
            new Setting("speed", List.of("audio", "output", "speed")),
            new Setting("output_audio_format", List.of("audio", "output", "format")),
            new Setting("input_audio_format", List.of("audio", "input", "format")),
            new Setting("input_audio_transcription", List.of("audio", "input", "transcription")),
            new Setting("input_audio_noise_reduction", List.of("audio", "input", "noise_reduction")),
            new Setting("turn_detection", List.of("audio", "input", "turn_detection")),
            new Setting("max_response_output_tokens", List.of("max_output_tokens")));

    /** Of a response that the client asks for: older clients bound its output in the session's words. */
    static final Layout REQUEST = new Layout(
            new Setting("voice", List.of("audio", "output", "voice")),
            new Setting("output_audio_format", List.of("audio", "output", "format")),
            new Setting("max_response_output_tokens", List.of("max_output_tokens")));

    /** Of a response as the provider tells it. */
    static final Layout RESPONSE = new Layout(
            new Setting("voice", List.of("audio", "output", "voice")),
            new Setting("output_audio_format", List.of("audio", "output", "format")));

    private final List<Setting> settings;

    private Layout(Setting... settings) {
        this.settings = List.of(settings);
    }

    private record Setting(String flat, List<String> nested) {
        boolean isFormat() {
            return nested.getLast().equals("format");
        }

        List<String> parents() {
            return nested.subList(0, nested.size() - 1);
        }

        String dotted() {
            return String.join(".", nested);
        }
    }

    /** From flat to nested; false if there was nothing to move. */
    boolean nest(ObjectNode object) {
        boolean moved = false;
        for (Setting setting : settings) {
            JsonNode value = object.remove(setting.flat());
            if (value != null) {
                ObjectNode parent = object;
                for (String name : setting.parents()) {
                    parent = parent.get(name) instanceof ObjectNode there ? there : parent.putObject(name);
                }
                parent.set(setting.nested().getLast(), setting.isFormat() ? AudioFormats.toGa(value) : value);
                moved = true;
            }
        }
        return moved;
    }

    /** From nested to flat; what is left empty goes. False if there was nothing to move. */
    boolean flatten(ObjectNode object) {
        boolean moved = false;
        for (Setting setting : settings) {
            JsonNode parent = object;
            for (String name : setting.parents()) {
                parent = parent.path(name);
            }
            if (parent instanceof ObjectNode there && there.has(setting.nested().getLast())) {
                JsonNode value = there.remove(setting.nested().getLast());
                object.set(setting.flat(), setting.isFormat() ? AudioFormats.toBeta(value) : value);
                moved = true;
            }
        }
        if (moved && object.get("audio") instanceof ObjectNode audio) {
            prune(audio, "input");
            prune(audio, "output");
            prune(object, "audio");
        }
        return moved;
    }

    /** The name that the beta has for a field of GA, such as {@code audio.output.voice}; the same if it has no other. */
    String flatName(String dotted) {
        for (Setting setting : settings) {
            String nested = setting.dotted();
            if (dotted.equals(nested) || dotted.startsWith(nested + '.') || dotted.startsWith(nested + '[')) {
                return setting.flat() + dotted.substring(nested.length());
            }
        }
        return dotted.equals("output_modalities") ? "modalities" : dotted;
    }

    /** The dotted name that GA has for a field of the beta, such as {@code voice}; the same if it has no other. */
    String nestedName(String flat) {
        for (Setting setting : settings) {
            if (flat.equals(setting.flat()) || flat.startsWith(setting.flat() + '.')) {
                return setting.dotted() + flat.substring(setting.flat().length());
            }
        }
        return flat.equals("modalities") ? "output_modalities" : flat;
    }

    private static void prune(ObjectNode parent, String name) {
        if (parent.get(name) instanceof ObjectNode child && child.isEmpty()) {
            parent.remove(name);
        }
    }
}
