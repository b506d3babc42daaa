package dev.parley.bench;

import dev.parley.bench.LoadConnection.Destination;
import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The processes beside the one that is measured: the upstream and the clients. Each reads one JSON object a line from its
 * standard input and answers with one; it ends when its input does.
 */
public final class PeerMain {
    private final BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    private final PrintStream out = System.out;
    private @Nullable LoadGenerator load;

    private PeerMain() {}

    public static void main(String[] args) throws IOException {
        PeerMain main = new PeerMain();
        // The answers have standard output for themselves; whatever a library logs goes elsewhere.
        System.setOut(System.err);
        if (args[0].equals("upstream")) {
            main.upstream(Integer.parseInt(args[1]));
        } else {
            main.load();
        }
        System.exit(0);
    }

    private void upstream(int port) throws IOException {
        EchoUpstream upstream = new EchoUpstream(port);
        Thread.ofPlatform().name("upstream").daemon().start(upstream);
        while (in.readLine() != null) {
            out.println(
                    new JsonObject().put("connections", upstream.connections()).encode());
        }
    }

    private void load() throws IOException {
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            JsonObject answer;
            try {
                answer = perform(new JsonObject(line));
            } catch (IOException | RuntimeException e) {
                close();
                answer = new JsonObject().put("error", String.valueOf(e.getMessage()));
            }
            out.println(answer.encode());
        }
    }

    private JsonObject perform(JsonObject order) throws IOException {
        Duration warmUp = Duration.ofMillis(order.getLong("warm_up_ms", 0L));
        Duration window = Duration.ofMillis(order.getLong("window_ms", 0L));
        return switch (order.getString("do")) {
            case "open" -> {
                LoadGenerator generator = new LoadGenerator(
                        new Destination(order.getInteger("port"), order.getString("path"), order.getString("token")),
                        order.getInteger("bytes"));
                load = generator;
                generator.open(order.getInteger("connections"));
                yield new JsonObject();
            }
            case "closed" -> JsonObject.mapFrom(opened().closedLoop(order.getLong("pid"), warmUp, window));
            case "paced" -> JsonObject.mapFrom(opened().paced(order.getInteger("per_second"), warmUp, window));
            case "close" -> {
                long lost = load == null ? 0 : load.lost();
                close();
                yield new JsonObject().put("lost", lost);
            }
            default -> throw new IllegalArgumentException("unknown order");
        };
    }

    private LoadGenerator opened() {
        LoadGenerator generator = load;
        if (generator == null) {
            throw new IllegalStateException("no connections");
        }
        return generator;
    }

    private void close() throws IOException {
        LoadGenerator generator = load;
        load = null;
        if (generator != null) {
            generator.close();
        }
    }
}
