package dev.parley.session;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.domain.ModelKind;
import dev.parley.domain.ModelName;
import dev.parley.protocol.Json;
import dev.parley.protocol.JsonSplice;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the client calls the model that transcribes, which may be an operator's alias. Inside and upstream it has its own name;
 * the client is told the name that it has used. One session; one event loop.
 */
final class TranscriberName {
    private static final List<String> MODEL = List.of("session", "audio", "input", "transcription", "model");
    private static final String POINTER = "/" + String.join("/", MODEL);
    private static final int NAME_LENGTH_MAX = 128;

    private final ModelPolicy models;
    private @Nullable ModelName asked;
    private @Nullable ModelName resolved;

    TranscriberName(SessionOrder order) {
        models = order.models();
        ModelName name = order.asked();
        if (order.kind() == ModelKind.TRANSCRIPTION && name != null) {
            called(name);
        }
    }

    /** An update of the client with the model's own name; the same if it has no other. */
    Buffer resolve(JsonNode event, Buffer utf8) {
        String name = event.at(POINTER).textValue();
        if (name == null || name.isEmpty() || name.length() > NAME_LENGTH_MAX) {
            return utf8;
        }
        ModelName model = called(new ModelName(name));
        return model.value().equals(name) ? utf8 : JsonSplice.set(utf8, MODEL, Json.quoted(model.value()));
    }

    /** An event that tells the client its settings, with the name that it has used. */
    Buffer told(JsonNode event, Buffer utf8) {
        ModelName name = asked;
        ModelName own = resolved;
        return name == null
                        || own == null
                        || name.equals(own)
                        || !own.value().equals(event.at(POINTER).textValue())
                ? utf8
                : JsonSplice.set(utf8, MODEL, Json.quoted(name.value()));
    }

    /** What the client calls this model. */
    ModelName asked(ModelName model) {
        ModelName name = asked;
        return name != null && model.equals(resolved) ? name : model;
    }

    private ModelName called(ModelName name) {
        ModelName model = models.resolve(name);
        asked = name;
        resolved = model;
        return model;
    }
}
