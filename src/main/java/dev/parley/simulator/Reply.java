package dev.parley.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.conversation.Item;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What the simulated model answers: it repeats what it was told, or calls a function that it was asked for. */
sealed interface Reply {
    int PIECE_CHARACTERS = 4;
    int QUOTED_CHARACTERS_MAX = 400;

    /** Something said. */
    record Message(String text) implements Reply {}

    /** A call of a function, with JSON as its arguments. */
    record Call(String name, String arguments) implements Reply {}

    /** The answer to {@code context}, the items that the response sees. */
    static Reply to(List<Item> context, ResponseRequest request, Script script) {
        if (script.has(ScriptKey.FUNCTION_CALL)) {
            JsonNode call = script.object(ScriptKey.FUNCTION_CALL).orElseThrow();
            return new Call(call.path("name").asText(), call.path("arguments").asText("{}"));
        }
        Item last = lastHeard(context);
        Call call = last == null ? null : callFor(last, request);
        if (call != null) {
            return call;
        }
        String scripted = script.text(ScriptKey.REPLY);
        String text = scripted == null ? said(last, request) : scripted;
        return new Message(sized(text, script.count(ScriptKey.OUTPUT_TOKENS, -1)));
    }

    /** Text in pieces of one token each. */
    static List<String> pieces(String text) {
        List<String> pieces = new ArrayList<>();
        int at = 0;
        while (at < text.length()) {
            int end = Math.min(text.length(), at + PIECE_CHARACTERS);
            if (end < text.length() && Character.isHighSurrogate(text.charAt(end - 1))) {
                end++;
            }
            pieces.add(text.substring(at, end));
            at = end;
        }
        return pieces;
    }

    private static @Nullable Item lastHeard(List<Item> context) {
        for (Item item : context.reversed()) {
            if (item.type().equals("function_call_output") || item.role().equals("user")) {
                return item;
            }
        }
        return null;
    }

    private static @Nullable Call callFor(Item last, ResponseRequest request) {
        if (last.type().equals("function_call_output")) {
            return null;
        }
        String asked = last.text();
        JsonNode choice = request.toolChoice();
        for (JsonNode tool : request.tools()) {
            String name = tool.path("name").asText();
            boolean function = tool.path("type").asText().equals("function");
            boolean chosen = choice.asText().equals("required")
                    || (choice.isObject() && choice.path("name").asText().equals(name))
                    || (choice.asText().equals("auto") && mentions(asked, name));
            if (function && chosen) {
                return new Call(name, Arguments.forSchema(tool.path("parameters"), asked));
            }
        }
        return null;
    }

    /** Whether the text names the function, or its last word: "get_weather" is asked for by "weather". */
    private static boolean mentions(String text, String function) {
        String lower = text.toLowerCase(Locale.ROOT);
        String name = function.toLowerCase(Locale.ROOT);
        String word = name.substring(name.lastIndexOf('_') + 1);
        return lower.contains(name) || (word.length() > 3 && lower.contains(word));
    }

    private static String said(@Nullable Item last, ResponseRequest request) {
        String answer = last == null ? "Hello! How can I help you today?" : answer(last);
        String overridden = request.overridden();
        return overridden == null || overridden.isBlank()
                ? answer
                : answer + " My instructions for this answer are: " + quoted(overridden);
    }

    private static String answer(Item last) {
        if (last.type().equals("function_call_output")) {
            return "The function answered: " + quoted(last.json().path("output").asText());
        }
        StringBuilder answer = new StringBuilder();
        if (last.audioMillis() > 0) {
            answer.append(
                    String.format(Locale.ROOT, "I heard you speak for %.1f seconds.", last.audioMillis() / 1_000.0));
        }
        String text = last.text();
        if (!text.isEmpty()) {
            answer.append(answer.isEmpty() ? "" : " ").append("You said: ").append(quoted(text));
        }
        for (JsonNode part : last.content()) {
            if (part.path("type").asText().equals("input_image")) {
                answer.append(answer.isEmpty() ? "" : " ").append("I see an image.");
            }
        }
        return answer.isEmpty() ? "I heard nothing." : answer.toString();
    }

    private static String quoted(String text) {
        boolean whole = text.length() <= QUOTED_CHARACTERS_MAX;
        return "\"" + (whole ? text : text.substring(0, text.offsetByCodePoints(0, QUOTED_CHARACTERS_MAX / 2)) + "…")
                + "\"";
    }

    private static String sized(String text, int tokens) {
        if (tokens < 0) {
            return text;
        }
        String filler = text.isEmpty() ? "word" : text + " ";
        return filler.repeat(tokens * PIECE_CHARACTERS / filler.length() + 1).substring(0, tokens * PIECE_CHARACTERS);
    }
}
