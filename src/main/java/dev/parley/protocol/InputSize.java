package dev.parley.protocol;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.util.Optional;

/**
 * How much model input a client event can carry at most. Strings are measured, not decoded.
 *
 * @param textBytes all bytes that are neither audio nor image; no tokenizer makes more tokens than bytes
 * @param audioBytes decoded audio
 * @param images number of images
 * @param references whether the event refers to items of the conversation
 */
public record InputSize(long textBytes, long audioBytes, int images, boolean references) {
    /** Empty unless the bytes are one JSON object without duplicate keys. */
    public static Optional<InputSize> of(Buffer utf8) {
        byte[] bytes = utf8.getBytes();
        try (JsonParser parser = Json.parser(bytes)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return Optional.empty();
            }
            InputSize size = measured(parser, bytes.length);
            return parser.nextToken() == null ? Optional.of(size) : Optional.empty();
        } catch (IOException broken) {
            return Optional.empty();
        }
    }

    private static InputSize measured(JsonParser parser, int length) throws IOException {
        long audioChars = 0;
        long imageChars = 0;
        int images = 0;
        boolean references = false;
        int depth = 1;
        JsonToken token = parser.nextToken();
        while (token != null) {
            depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
            if (depth == 0) {
                break;
            }
            if (token == JsonToken.VALUE_STRING) {
                String member = String.valueOf(parser.currentName());
                long start = parser.currentTokenLocation().getByteOffset();
                references |= member.equals("type") && parser.getText().equals("item_reference");
                token = parser.nextToken();
                long chars = parser.currentTokenLocation().getByteOffset() - start;
                if (member.equals("audio")) {
                    audioChars += chars;
                } else if (member.equals("image_url")) {
                    imageChars += chars;
                    images++;
                }
            } else {
                token = parser.nextToken();
            }
        }
        return new InputSize(Math.max(0, length - audioChars - imageChars), audioChars * 3 / 4, images, references);
    }
}
