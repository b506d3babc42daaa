package dev.parley.auth;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.auth.SecretBox.CannotOpenException;
import dev.parley.auth.SecretBox.Place;
import dev.parley.concurrent.Ticker;
import dev.parley.domain.ModelName;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HashSet;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * By which one node tells another whom it has verified: a caller, for one session, for some seconds, sealed with the master
 * key that all nodes share. So no token of a tenant travels between nodes, and nobody without the key can make or read one.
 * Thread-safe; blocks for microseconds.
 */
public final class NodeTickets {
    private static final Duration LIFETIME = Duration.ofSeconds(15);
    private static final JsonMapper JSON = new JsonMapper();

    private final SecretBox box;
    private final Ticker ticker;

    public NodeTickets(SecretBox box, Ticker ticker) {
        this.box = box;
        this.ticker = ticker;
    }

    /** A ticket for this session. */
    public String seal(Caller caller, String session) {
        ObjectNode json = JSON.createObjectNode()
                .put("until", ticker.now().plus(LIFETIME).toEpochMilli())
                .put("tenant", caller.tenant().value())
                .put("subject", caller.subject().value())
                .put("issuer", caller.issuer())
                .put("token_id", caller.tokenId())
                .put("issued_at", caller.issuedAt().toEpochMilli())
                .put("expires_at", caller.expiresAt().toEpochMilli());
        Set<ModelName> models = caller.models();
        if (models != null) {
            ArrayNode names = json.putArray("models");
            models.forEach(model -> names.add(model.value()));
        }
        caller.outputTokensMax().ifPresent(most -> json.put("output_tokens_max", most));
        try {
            return Base64.getUrlEncoder()
                    .withoutPadding()
                    .encodeToString(box.seal(place(session), JSON.writeValueAsBytes(json)));
        } catch (JacksonException bug) {
            throw new IllegalStateException("a tree can always be written", bug);
        }
    }

    /** Whom the ticket speaks for; empty if it is not of one of our nodes, for another session, or too old. */
    public Optional<Caller> open(String ticket, String session) {
        try {
            JsonNode json = JSON.readTree(
                    box.open(place(session), Base64.getUrlDecoder().decode(ticket)));
            return json.path("until").asLong() < ticker.now().toEpochMilli()
                    ? Optional.empty()
                    : Optional.of(caller(json));
        } catch (CannotOpenException | IllegalArgumentException | IOException _) {
            return Optional.empty();
        }
    }

    private static Caller caller(JsonNode json) {
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
                        : OptionalInt.empty());
    }

    private static @Nullable Set<ModelName> models(JsonNode names) {
        Set<ModelName> models = new HashSet<>();
        names.forEach(name -> models.add(new ModelName(name.asText())));
        return Set.copyOf(models);
    }

    private static Place place(String session) {
        return new Place("node_ticket", "nodes", session, 1);
    }
}
