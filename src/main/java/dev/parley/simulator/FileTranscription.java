package dev.parley.simulator;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.conversation.Ids;
import dev.parley.conversation.Tokens;
import dev.parley.conversation.Trees;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerFileUpload;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.util.List;
import java.util.Set;

/**
 * {@code POST /v1/audio/transcriptions}: counts the file and throws it away; the transcript is as much of the recording's text as a
 * pcm16 file of 24 kHz of that size is long. Confined to the event loop of its request.
 */
final class FileTranscription {
    private static final int BYTES_PER_MILLI = 48;
    private static final int MILLIS_PER_WORD = 430;
    private static final int WAV_HEADER_BYTES = 44;
    private static final int BAD_REQUEST = 400;
    private static final int UNAUTHORIZED = 401;
    private static final Set<String> FORMATS = Set.of("json", "verbose_json", "text", "srt", "vtt");

    private final Provider provider;
    private final HttpServerRequest request;
    private long fileBytes;

    FileTranscription(Provider provider, HttpServerRequest request) {
        this.provider = provider;
        this.request = request;
    }

    void answer() {
        Flavor flavor = Flavor.of(request.path());
        String key = flavor == Flavor.AZURE
                ? String.valueOf(request.getHeader("api-key"))
                : String.valueOf(request.getHeader("Authorization")).replaceFirst("^Bearer ", "");
        Set<String> keys = provider.options().apiKeys();
        if (!keys.isEmpty() && !keys.contains(key)) {
            ControlPlane.refuse(request, UNAUTHORIZED, "Incorrect API key provided: " + key + ".");
            return;
        }
        request.setExpectMultipart(true);
        request.uploadHandler(this::count);
        request.endHandler(_ -> transcribe(request.formAttributes()));
    }

    private void count(HttpServerFileUpload upload) {
        upload.handler(piece -> fileBytes += piece.length());
    }

    private void transcribe(MultiMap form) {
        String model = String.valueOf(form.get("model"));
        String format = form.contains("response_format") ? form.get("response_format") : "json";
        boolean known = Flavor.of(request.path()).names(model) && Models.transcribes(model);
        if (!known || fileBytes == 0 || !FORMATS.contains(format)) {
            ControlPlane.refuse(request, BAD_REQUEST, "There is no such model, no file, or no such format.");
            return;
        }
        long millis = Math.max(0, fileBytes - WAV_HEADER_BYTES) / BYTES_PER_MILLI;
        String transcript = words(millis);
        boolean bySeconds = Models.isBilledBySeconds(model);
        Usage usage = bySeconds
                ? Usage.ZERO
                : new Usage(new Tokens(0, Tokens.ofUserAudio(millis), 0), Tokens.NONE, Tokens.text(transcript), 0);
        double seconds = bySeconds ? millis / 1_000.0 : 0;
        ObjectNode told = bySeconds ? Transcriptions.duration(seconds) : Transcriptions.tokenUsage(usage);
        Booking booking = provider.books()
                .begin(Booking.Kind.TRANSCRIPTION, Ids.next("file_"), "none", model)
                .ended("completed", usage, seconds, Trees.write(told));
        provider.books().write(booking);
        boolean streams = "true".equals(form.get("stream")) && !model.equals("whisper-1");
        (streams ? stream(transcript, told) : whole(transcript, format, told))
                .onSuccess(_ -> provider.books().write(booking.asDelivered()));
    }

    private Future<Void> whole(String transcript, String format, ObjectNode usage) {
        HttpServerResponse response = request.response();
        if (format.endsWith("json")) {
            ObjectNode json = Trees.object().put("text", transcript);
            json.set("usage", usage);
            return response.putHeader("Content-Type", "application/json").end(Trees.write(json));
        }
        String text =
                format.equals("text") ? transcript + "\n" : "1\n00:00:00,000 --> 00:00:01,000\n" + transcript + "\n";
        return response.putHeader("Content-Type", "text/plain; charset=utf-8").end(text);
    }

    private Future<Void> stream(String transcript, ObjectNode usage) {
        HttpServerResponse response =
                request.response().setChunked(true).putHeader("Content-Type", "text/event-stream");
        for (String piece : Reply.pieces(transcript)) {
            event(response, Trees.object().put("type", "transcript.text.delta").put("delta", piece));
        }
        ObjectNode done = Trees.object().put("type", "transcript.text.done").put("text", transcript);
        done.set("usage", usage);
        event(response, done);
        return response.end();
    }

    private static void event(HttpServerResponse response, ObjectNode event) {
        response.write(Buffer.buffer("data: " + Trees.write(event) + "\n\n"));
    }

    private static String words(long millis) {
        List<String> words = List.of(Voice.WORDS.split(" "));
        long count = Math.clamp(millis / MILLIS_PER_WORD, 1, 10_000);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < count; i++) {
            text.append(i == 0 ? "" : " ").append(words.get(i % words.size()));
        }
        return text.toString();
    }
}
