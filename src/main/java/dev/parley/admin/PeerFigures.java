package dev.parley.admin;

import dev.parley.administration.Reports;
import dev.parley.domain.NodeIdentity;
import io.vertx.core.Future;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/** The figures of this node and, over HTTP, of all other living ones, asked at once and given up after {@link #PATIENCE}. */
final class PeerFigures implements SessionFigures, AutoCloseable {
    static final Duration PATIENCE = Duration.ofMillis(800);

    private final NodeIdentity node;
    private final OwnFigures own;
    private final NodeSeal seal;
    private final Reports reports;
    private final String scheme;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(PATIENCE)
            .build();

    /** @param scheme of the admin plane, which is the same on all nodes */
    PeerFigures(NodeIdentity node, OwnFigures own, NodeSeal seal, Reports reports, String scheme) {
        this.node = node;
        this.own = own;
        this.seal = seal;
        this.reports = reports;
        this.scheme = scheme;
    }

    @Override
    public Seen look() {
        Map<String, CompletableFuture<JsonObject>> asked = new HashMap<>();
        for (JsonObject peer : peers()) {
            asked.put(peer.getString("name"), ask(peer, NodeDoor.FIGURES, new JsonObject()));
        }
        Map<String, Figure> figures = new HashMap<>(own.look());
        List<JsonArray> turns = new ArrayList<>();
        own.turns().forEach(turn -> turns.add((JsonArray) turn));
        Map<String, JsonObject> pools = new TreeMap<>();
        pools.put(node.name(), own.pool());
        List<String> silent = new ArrayList<>();
        asked.forEach((name, answer) -> {
            try {
                JsonObject told = answer.join();
                OwnFigures.read(told.getJsonArray("figures"), figures);
                told.getJsonArray("turns", new JsonArray()).forEach(turn -> turns.add((JsonArray) turn));
                if (told.getJsonObject("pool") != null) {
                    pools.put(name, told.getJsonObject("pool"));
                }
            } catch (CompletionException | ClassCastException | NullPointerException unusable) {
                silent.add(name);
            }
        });
        return new Seen(figures, turns, pools, silent);
    }

    @Override
    public Optional<JsonObject> timeline(String session, String servedBy) {
        return told(own.timeline(session), NodeDoor.TIMELINE + session, servedBy, SessionJson.NOTHING);
    }

    @Override
    public Optional<JsonObject> content(String session, String servedBy) {
        return told(own.content(session), NodeDoor.CONTENT + session, servedBy, ContentJson.NOTHING);
    }

    /** What this node says, or the one that serves the session; {@code nothing} where nobody remembers it. */
    private Optional<JsonObject> told(
            Future<Optional<JsonObject>> own, String path, String servedBy, JsonObject nothing) {
        try {
            Optional<JsonObject> here = own.toCompletionStage()
                    .toCompletableFuture()
                    .orTimeout(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
                    .join();
            if (here.isPresent() || servedBy.equals(node.name())) {
                return Optional.of(here.orElseGet(nothing::copy)); // it has ended
            }
            return peers().stream()
                    .filter(peer -> peer.getString("name").equals(servedBy))
                    .findFirst()
                    .map(peer -> ask(peer, path, nothing).join());
        } catch (CompletionException unanswered) {
            return Optional.empty();
        }
    }

    private List<JsonObject> peers() {
        return reports.nodes().stream()
                .filter(peer -> peer.getValue("ended_at") == null && peer.getLong("epoch") != node.epoch())
                .toList();
    }

    private CompletableFuture<JsonObject> ask(JsonObject peer, String path, JsonObject nothing) {
        HttpRequest request;
        try {
            request = HttpRequest.newBuilder(URI.create(scheme + "://" + peer.getString("address") + path))
                    .header(NodeSeal.HEADER, seal.seal(path))
                    .timeout(PATIENCE)
                    .build();
        } catch (IllegalArgumentException e) {
            return CompletableFuture.failedFuture(e);
        }
        return http.sendAsync(request, BodyHandlers.ofString())
                .thenApply(response -> body(response, nothing))
                .orTimeout(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    }

    private static JsonObject body(HttpResponse<String> response, JsonObject nothing) {
        try {
            if (response.statusCode() == 200) {
                return new JsonObject(response.body());
            }
            if (response.statusCode() == 404) { // the session has ended
                return nothing.copy();
            }
        } catch (DecodeException e) {
            throw new CompletionException(e);
        }
        throw new CompletionException("the node answered " + response.statusCode(), null);
    }

    @Override
    public void close() {
        http.shutdownNow();
    }
}
