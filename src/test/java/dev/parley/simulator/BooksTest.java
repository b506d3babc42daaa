package dev.parley.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.conversation.Trees;
import io.vertx.core.http.HttpMethod;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class BooksTest {
    @RegisterExtension
    static final SimulatorTester TESTER = new SimulatorTester();

    @Test
    void holdWhatTheClientSaw() throws Exception {
        RealtimeClient client = TESTER.conversation();
        client.send("""
                {"type":"session.update","session":{"type":"realtime","audio":{"input":{
                "transcription":{"model":"gpt-4o-transcribe"},"turn_detection":{"create_response":false}}}}}""");
        client.speak(TESTER.simulator().recording());
        for (int i = 0; i < 3; i++) {
            client.say("turn " + i).send("{\"type\":\"response.create\"}").awaitResponse();
        }
        String session = client.seen().getFirst().at("/session/id").asText();
        SimulatorTester.eventually(
                () -> TESTER.books().all().stream()
                        .filter(booking -> booking.sessionId().equals(session))
                        .allMatch(Booking::delivered),
                "all delivered");

        List<Booking> responses = TESTER.books().responses().stream()
                .filter(booking -> booking.sessionId().equals(session))
                .toList();
        assertThat(responses)
                .extracting(Booking::id, booking -> booking.usage().toJson(), Booking::status, Booking::model)
                .containsExactlyElementsOf(client.ofType("response.done").stream()
                        .map(done -> done.path("response"))
                        .map(response -> org.assertj.core.api.Assertions.tuple(
                                response.path("id").asText(),
                                response.path("usage"),
                                response.path("status").asText(),
                                "gpt-realtime"))
                        .toList());
        List<Booking> transcriptions = TESTER.books().transcriptions().stream()
                .filter(booking -> booking.sessionId().equals(session))
                .toList();
        assertThat(transcriptions)
                .isNotEmpty()
                .allSatisfy(booking -> assertThat(booking.model()).isEqualTo("gpt-4o-transcribe"));
        assertThat(transcriptions.stream().map(Booking::id))
                .containsExactlyElementsOf(client.ofType("input_audio_buffer.committed").stream()
                        .map(event -> event.path("item_id").asText())
                        .toList());
    }

    @Test
    void keepWhatWasGeneratedWhenTheClientLeaves() throws Exception {
        TESTER.script("{\"deltaIntervalMillis\":5,\"outputTokens\":2000,\"transcriptionDelayMillis\":60000}");
        RealtimeClient client = TESTER.conversation();
        client.send("""
                {"type":"session.update","session":{"type":"realtime","audio":{"input":{
                "transcription":{"model":"whisper-1"},"turn_detection":null}}}}""");
        client.speak(Arrays.copyOf(TESTER.simulator().recording(), 48 * 1_000));
        client.send("{\"type\":\"input_audio_buffer.commit\"}");
        client.send("{\"type\":\"response.create\"}").await("response.output_audio.delta");
        String id =
                client.ofType("response.created").getFirst().at("/response/id").asText();
        String item = client.ofType("input_audio_buffer.committed")
                .getFirst()
                .path("item_id")
                .asText();
        client.close();
        SimulatorTester.eventually(
                () -> TESTER.books().find(id).orElseThrow().status().equals("lost"), "the response is booked as lost");

        Booking response = TESTER.books().find(id).orElseThrow();
        assertThat(response.usage().output().text()).isPositive();
        assertThat(response.usage().output().audio()).isPositive();
        assertThat(response.usage().input().audio()).isEqualTo(10);
        assertThat(response.delivered()).isFalse();
        Booking transcription = TESTER.books().find(item).orElseThrow();
        assertThat(transcription.status()).isEqualTo("lost");
        assertThat(transcription.seconds()).isEqualTo(1.0);
    }

    @Test
    void countSessionsMessagesAndBytes() throws Exception {
        Books.Counters before = TESTER.books().counters();
        RealtimeClient client = TESTER.conversation();
        client.say("hi").await("conversation.item.done");
        Books.Counters open = TESTER.books().counters();
        client.close();
        SimulatorTester.eventually(
                () -> TESTER.books().counters().sessionsOpen() == before.sessionsOpen(), "the session has closed");

        assertThat(open.sessionsOpen()).isEqualTo(before.sessionsOpen() + 1);
        assertThat(open.sessionsOpened()).isEqualTo(before.sessionsOpened() + 1);
        assertThat(open.messagesReceived()).isEqualTo(before.messagesReceived() + 1);
        assertThat(open.messagesSent()).isEqualTo(before.messagesSent() + 3);
        assertThat(open.bytesReceived()).isGreaterThan(before.bytesReceived());
        assertThat(open.bytesSent()).isGreaterThan(before.bytesSent());
    }

    @Test
    void areReadPageByPageOverHttp() throws Exception {
        RealtimeClient client = TESTER.textConversation();
        for (int i = 0; i < 3; i++) {
            client.send("{\"type\":\"response.create\"}").awaitResponse();
        }
        long after = TESTER.books().all().getLast().sequence() - 3;
        JsonNode first = page("after=" + after + "&limit=2");
        JsonNode second = page("after=" + first.path("next").asLong() + "&limit=2");

        assertThat(first.path("bookings")).hasSize(2);
        assertThat(second.path("bookings")).hasSize(1);
        assertThat(second.path("next").isNull()).isTrue();
        assertThat(first.at("/counters/sessions_open").asInt()).isPositive();
        JsonNode booking = second.path("bookings").path(0);
        assertThat(booking.path("id"))
                .isEqualTo(client.ofType("response.done").getLast().at("/response/id"));
        assertThat(booking.path("told"))
                .isEqualTo(client.ofType("response.done").getLast().at("/response/usage"));
        assertThat(TESTER.http(HttpMethod.GET, "/simulator/books?after=x", "").statusCode())
                .isEqualTo(400);
    }

    @Test
    void stayBounded() {
        Books books = new Books();
        for (int i = 0; i < Books.BOOKINGS_MAX + 10; i++) {
            books.begin(Booking.Kind.RESPONSE, "resp_" + i, "sess", "gpt-realtime");
        }
        assertThat(books.all()).hasSize(Books.BOOKINGS_MAX);
        assertThat(books.all().getFirst().id()).isEqualTo("resp_10");
        assertThat(books.counters().bookingsDropped()).isEqualTo(10);
    }

    private static JsonNode page(String query) throws Exception {
        return Trees.parse(
                TESTER.http(HttpMethod.GET, "/simulator/books?" + query, "").bodyAsString());
    }
}
