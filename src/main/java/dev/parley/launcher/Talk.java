package dev.parley.launcher;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.charset.Charset;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A client for the first conversation, in one class and without libraries, so that it runs right after the build on any Java
 * from 11 on: {@code java -cp target/classes dev.parley.launcher.Talk URL TOKEN [TEXT]}. It asks for text answers, prints them
 * as they stream in, and goes on with the lines of its input.
 */
public final class Talk implements WebSocket.Listener {
    private static final String FIRST_WORDS = "Hello! Who are you, and what can you do?";
    private static final Pattern TYPE = member("type");
    private static final Pattern DELTA = member("delta");
    private static final Pattern MESSAGE = member("message");
    private static final Pattern STATUS = member("status");
    private static final Pattern TOKENS = Pattern.compile("\"(input|output)_tokens\"\\s*:\\s*(\\d+)");
    private static final Pattern ESCAPE = Pattern.compile("\\\\(?:u([0-9a-fA-F]{4})|(.))");

    private final BlockingQueue<Boolean> answered = new LinkedBlockingQueue<>();
    private final StringBuilder event = new StringBuilder();
    private volatile boolean leaving;

    private Talk() {}

    public static void main(String[] args) throws Exception {
        if (args.length < 2) {
            System.err.println("usage: Talk ws://HOST:PORT/v1/realtime?model=MODEL TOKEN [TEXT]");
            System.exit(2);
        }
        String text =
                args.length == 2 ? FIRST_WORDS : String.join(" ", List.of(args).subList(2, args.length));
        Talk talk = new Talk();
        WebSocket socket = talk.connect(URI.create(args[0]), args[1]);
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, Charset.defaultCharset()));
        System.out.println("you> " + text);
        while (text != null && talk.ask(socket, text)) {
            System.out.print("you> ");
            System.out.flush();
            text = input.readLine();
        }
        System.out.println();
        if (text != null) {
            System.exit(1);
        }
        talk.leaving = true;
        socket.sendClose(WebSocket.NORMAL_CLOSURE, "").join();
        System.exit(0);
    }

    private WebSocket connect(URI url, String token) {
        try {
            WebSocket socket = HttpClient.newHttpClient()
                    .newWebSocketBuilder()
                    .connectTimeout(Duration.ofSeconds(10))
                    .header("Authorization", "Bearer " + token)
                    .buildAsync(url, this)
                    .join();
            send(
                    socket,
                    "{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"output_modalities\":[\"text\"]}}");
            return socket;
        } catch (CompletionException e) {
            System.err.println("no connection to " + url + ": " + reason(e.getCause()));
            System.exit(1);
            throw e;
        }
    }

    /** Whether the answer came to its end. */
    private boolean ask(WebSocket socket, String text) throws InterruptedException {
        send(
                socket,
                "{\"type\":\"conversation.item.create\",\"item\":{\"type\":\"message\",\"role\":\"user\",\"content\":"
                        + "[{\"type\":\"input_text\",\"text\":\"" + escape(text) + "\"}]}}");
        send(socket, "{\"type\":\"response.create\"}");
        return answered.take();
    }

    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
        event.append(data);
        if (last) {
            String json = event.toString();
            event.setLength(0);
            received(json);
        }
        socket.request(1);
        return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
        if (!leaving) {
            System.out.println("\nclosed by the server: " + code + " " + reason);
        }
        answered.add(false);
        return null;
    }

    @Override
    public void onError(WebSocket socket, Throwable failure) {
        System.out.println("\nconnection lost: " + reason(failure));
        answered.add(false);
    }

    private void received(String json) {
        switch (find(TYPE, json)) {
            case "response.created":
                System.out.print("parley> ");
                break;
            case "response.output_text.delta":
                System.out.print(unescape(find(DELTA, json)));
                System.out.flush();
                break;
            case "response.done":
                System.out.println("\n        [" + unescape(find(STATUS, json.substring(json.indexOf("\"response\""))))
                        + tokens(json) + "]");
                answered.add(true);
                break;
            case "error":
                System.out.println("error: " + unescape(find(MESSAGE, json)));
                answered.add(true);
                break;
            default:
                break;
        }
    }

    private static void send(WebSocket socket, String json) {
        socket.sendText(json, true).join();
    }

    private static String tokens(String json) {
        StringBuilder found = new StringBuilder();
        Matcher matcher = TOKENS.matcher(json);
        for (int i = 0; i < 2 && matcher.find(); i++) {
            found.append(", ")
                    .append(matcher.group(2))
                    .append(" tokens ")
                    .append(matcher.group(1).equals("input") ? "in" : "out");
        }
        return found.toString();
    }

    private static String reason(Throwable failure) {
        if (failure instanceof WebSocketHandshakeException) {
            return "HTTP "
                    + ((WebSocketHandshakeException) failure).getResponse().statusCode();
        }
        return failure instanceof IOException && failure.getMessage() != null
                ? failure.getMessage()
                : failure.toString();
    }

    private static Pattern member(String name) {
        return Pattern.compile("\"" + name + "\"\\s*:\\s*\"((?:[^\"\\\\]|\\\\.)*)\"");
    }

    private static String find(Pattern member, String json) {
        Matcher matcher = member.matcher(json);
        return matcher.find() ? matcher.group(1) : "";
    }

    private static String escape(String text) {
        StringBuilder json = new StringBuilder();
        text.chars()
                .forEach(c -> json.append(
                        c < ' ' || c == '"' || c == '\\' ? String.format("\\u%04x", c) : Character.toString((char) c)));
        return json.toString();
    }

    private static String unescape(String json) {
        return ESCAPE.matcher(json).replaceAll(match -> {
            String unicode = match.group(1);
            if (unicode != null) {
                return Matcher.quoteReplacement(Character.toString((char) Integer.parseInt(unicode, 16)));
            }
            String character = match.group(2);
            return Matcher.quoteReplacement(character.equals("n") ? "\n" : character.equals("t") ? "\t" : character);
        });
    }
}
