package dev.parley.conversation;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * The rule by which tokens are counted: text is a token for each 4 characters begun, audio of the user a token for each 100 ms
 * begun, audio of the assistant a token for each 50 ms begun, an image 85 tokens at low detail and 765 otherwise.
 *
 * @param text text tokens
 * @param audio audio tokens
 * @param image image tokens
 */
public record Tokens(int text, int audio, int image) {
    public static final Tokens NONE = new Tokens(0, 0, 0);
    public static final int ASSISTANT_MILLIS = 50;
    private static final int USER_MILLIS = 100;
    private static final int CHARACTERS = 4;

    public static int ofText(String text) {
        return Math.ceilDiv(text.length(), CHARACTERS);
    }

    public static int ofUserAudio(long millis) {
        return Math.toIntExact(Math.ceilDiv(millis, USER_MILLIS));
    }

    public static int ofAssistantAudio(long millis) {
        return Math.toIntExact(Math.ceilDiv(millis, ASSISTANT_MILLIS));
    }

    public static Tokens ofImage(JsonNode part) {
        return new Tokens(0, 0, "low".equals(part.path("detail").asText()) ? 85 : 765);
    }

    public static Tokens text(String text) {
        return new Tokens(ofText(text), 0, 0);
    }

    public Tokens plus(Tokens other) {
        return new Tokens(text + other.text, audio + other.audio, image + other.image);
    }

    /** All of them. */
    public int total() {
        return text + audio + image;
    }
}
