package dev.parley.clients;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.openai.core.ClientOptions;
import com.openai.core.ObjectMappers;
import com.openai.core.http.WebSocketWriteNotAttempted;
import com.openai.helpers.RealtimeConnection;
import com.openai.helpers.RealtimeWebSocketOptions;
import com.openai.models.realtime.RealtimeClientEvent;
import com.openai.models.realtime.RealtimeServerEvent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;

/** A connection of {@code openai-java}, and what it has heard. Used from a test's thread. */
final class JavaConversation implements AutoCloseable {
    private static final long SECONDS_MAX = 20;

    private RealtimeConnection connection;
    private final List<JsonNode> heard = new ArrayList<>();

    JavaConversation(ClientOptions client, RealtimeWebSocketOptions target) throws Exception {
        connection = RealtimeConnection.connectAsync(client, target).get(SECONDS_MAX, TimeUnit.SECONDS);
        await(RealtimeServerEvent::isSessionCreated);
    }

    /** The client takes one event at a time: it refuses the next one until the last is on the wire. */
    void send(String json) throws Exception {
        RealtimeClientEvent event = ObjectMappers.jsonMapper().readValue(json, RealtimeClientEvent.class);
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS_MAX);
        while (true) {
            try {
                connection.send(event);
                return;
            } catch (WebSocketWriteNotAttempted.Busy busy) {
                if (System.nanoTime() > deadline) {
                    throw busy;
                }
                LockSupport.parkNanos(1_000_000);
            }
        }
    }

    void say(String text) throws Exception {
        send("{\"type\":\"conversation.item.create\",\"item\":{\"type\":\"message\",\"role\":\"user\",\"content\":"
                + "[{\"type\":\"input_text\",\"text\":\"" + text + "\"}]}}");
    }

    /** Changes the settings of a conversation, and waits until they are. */
    void update(String settings) throws Exception {
        send("{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\"," + settings + "}}");
        await(RealtimeServerEvent::isSessionUpdated);
    }

    /** Appends audio in pieces of 100 ms, at once. */
    void speak(byte[] pcm) throws Exception {
        for (int at = 0; at < pcm.length; at += 4_800) {
            byte[] piece = Arrays.copyOfRange(pcm, at, Math.min(pcm.length, at + 4_800));
            send("{\"type\":\"input_audio_buffer.append\",\"audio\":\""
                    + Base64.getEncoder().encodeToString(piece) + "\"}");
        }
    }

    RealtimeServerEvent await(Predicate<RealtimeServerEvent> wanted) throws Exception {
        while (true) {
            RealtimeServerEvent event = connection.receiveAsync().get(SECONDS_MAX, TimeUnit.SECONDS);
            assertThat(event.isError()).as("%s", event).isFalse();
            heard.add(ObjectMappers.jsonMapper().valueToTree(event));
            if (wanted.test(event)) {
                return event;
            }
        }
    }

    /** Gives this connection up for another one. */
    void reconnect(RealtimeWebSocketOptions target) throws Exception {
        connection = connection.reconnectAsync(target).get(SECONDS_MAX, TimeUnit.SECONDS);
    }

    List<JsonNode> heard() {
        return List.copyOf(heard);
    }

    List<JsonNode> heard(String type) {
        return heard.stream()
                .filter(event -> event.path("type").asText().equals(type))
                .toList();
    }

    @Override
    public void close() {
        connection.close();
    }
}
