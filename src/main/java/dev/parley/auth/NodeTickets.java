package dev.parley.auth;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.auth.SecretBox.CannotOpenException;
import dev.parley.auth.SecretBox.Place;
import dev.parley.concurrent.Ticker;
import java.io.IOException;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;

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
        ObjectNode json =
                CallerJson.of(caller).put("until", ticker.now().plus(LIFETIME).toEpochMilli());
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
                    : Optional.of(CallerJson.read(json));
        } catch (CannotOpenException | IllegalArgumentException | IOException _) {
            return Optional.empty();
        }
    }

    private static Place place(String session) {
        return new Place("node_ticket", "nodes", session, 1);
    }
}
