package dev.parley.upstream;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.protocol.Json;
import dev.parley.protocol.JsonSplice;
import io.vertx.core.buffer.Buffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * What an account calls models, where that is not what they are called here: an Azure deployment, a gateway's own name. Models
 * are named in the settings of sessions, so those are translated on their way. Immutable.
 */
public final class ProviderNames {
    /** The same names on both sides. */
    public static final ProviderNames SAME = new ProviderNames(Map.of());

    private static final List<String> MODEL = List.of("session", "model");
    private static final List<String> TRANSCRIBER = List.of("session", "audio", "input", "transcription", "model");

    private final Map<String, String> sent;
    private final Map<String, String> known;

    /** @param models by what they are called here */
    public ProviderNames(Map<String, String> models) {
        sent = Map.copyOf(models);
        Map<String, String> back = new HashMap<>();
        sent.forEach((here, there) -> back.merge(there, here, (one, other) -> one.compareTo(other) < 0 ? one : other));
        known = Map.copyOf(back);
    }

    /** As the account knows the model. */
    public String sent(String model) {
        return sent.getOrDefault(model, model);
    }

    /**
     * Settings on their way to the account; the same if it calls all models what they are called here. The session's own model,
     * which settings can only repeat, is left out: an account may tell the model behind a deployment or the deployment.
     */
    public Buffer toProvider(Buffer utf8) {
        JsonNode event = sent.isEmpty() ? null : Json.object(utf8).orElse(null);
        if (event == null) {
            return utf8;
        }
        Buffer renamed = renamed(event, utf8, TRANSCRIBER, this::sent);
        String model = event.at(pointer(MODEL)).textValue();
        if (model == null || sent(model).equals(model)) {
            return renamed;
        }
        ObjectNode without = Json.object(renamed).orElseThrow().deepCopy();
        without.withObject("/session").remove("model");
        return Json.bytes(without);
    }

    /** The settings with which a call begins: what names its model, too. */
    String ofCall(String session) {
        Buffer settings = Buffer.buffer(session);
        JsonNode tree = sent.isEmpty() ? null : Json.object(settings).orElse(null);
        if (tree == null) {
            return session;
        }
        Buffer renamed = renamed(tree, settings, List.of("model"), this::sent);
        return renamed(tree, renamed, TRANSCRIBER.subList(1, TRANSCRIBER.size()), this::sent)
                .toString();
    }

    /** Settings that the account tells; likewise. */
    public Buffer fromProvider(JsonNode event, Buffer utf8) {
        if (known.isEmpty()) {
            return utf8;
        }
        UnaryOperator<String> here = name -> known.getOrDefault(name, name);
        return renamed(event, renamed(event, utf8, MODEL, here), TRANSCRIBER, here);
    }

    private static Buffer renamed(JsonNode event, Buffer utf8, List<String> place, UnaryOperator<String> names) {
        String name = event.at(pointer(place)).textValue();
        return name == null || names.apply(name).equals(name)
                ? utf8
                : JsonSplice.set(utf8, place, Json.quoted(names.apply(name)));
    }

    private static String pointer(List<String> place) {
        return "/" + String.join("/", place);
    }
}
