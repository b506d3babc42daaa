package dev.parley.auth;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.domain.ModelKind;
import dev.parley.domain.ModelName;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import java.time.Instant;
import java.util.HashSet;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A caller as one node tells another of it. Holds no credential, and proves nothing by itself. Pure. */
public final class CallerJson {
    private CallerJson() {}

    public static ObjectNode of(Caller caller) {
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("tenant", caller.tenant().value())
                .put("subject", caller.subject().value())
                .put("issuer", caller.issuer())
                .put("token_id", caller.tokenId())
                .put("issued_at", caller.issuedAt().toEpochMilli())
                .put("expires_at", caller.expiresAt().toEpochMilli())
                .put("whole_tenant", caller.wholeTenant());
        Set<ModelName> models = caller.models();
        if (models != null) {
            ArrayNode names = json.putArray("models");
            models.forEach(model -> names.add(model.value()));
        }
        caller.outputTokensMax().ifPresent(most -> json.put("output_tokens_max", most));
        Binding binding = caller.binding();
        if (binding != null) {
            json.set("binding", binding(binding));
        }
        return json;
    }

    public static Caller read(JsonNode json) {
        return new Caller(
                new TenantId(json.path("tenant").asText()),
                new SubjectId(json.path("subject").asText()),
                json.path("issuer").asText(),
                json.path("token_id").textValue(),
                Instant.ofEpochMilli(json.path("issued_at").asLong()),
                Instant.ofEpochMilli(json.path("expires_at").asLong()),
                json.has("models") ? models(json.path("models")) : null,
                json.has("output_tokens_max")
                        ? OptionalInt.of(json.path("output_tokens_max").asInt())
                        : OptionalInt.empty(),
                json.path("whole_tenant").asBoolean(false),
                json.has("binding") ? binding(json.path("binding")) : null);
    }

    private static Set<ModelName> models(JsonNode names) {
        Set<ModelName> models = new HashSet<>();
        names.forEach(name -> models.add(new ModelName(name.asText())));
        return Set.copyOf(models);
    }

    private static ObjectNode binding(Binding binding) {
        ModelName model = binding.model();
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("secret", binding.secretId())
                .put("single_use", binding.singleUse())
                .put("kind", binding.kind().name())
                .put("model", model == null ? null : model.value())
                .put("session", binding.session());
        ArrayNode fixed = json.putArray("fixed");
        binding.fixed().forEach(fixed::add);
        return json.put("made_by", binding.maker().issuer())
                .put("made_with", binding.maker().tokenId());
    }

    private static Binding binding(JsonNode json) {
        @Nullable String model = json.path("model").textValue();
        Set<String> fixed = new HashSet<>();
        json.path("fixed").forEach(name -> fixed.add(name.asText()));
        return new Binding(
                json.path("secret").asText(),
                json.path("single_use").asBoolean(),
                ModelKind.valueOf(json.path("kind").asText()),
                model == null ? null : new ModelName(model),
                json.path("session").asText(),
                fixed,
                new Binding.Maker(
                        json.path("made_by").asText(), json.path("made_with").textValue()));
    }
}
