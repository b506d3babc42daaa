package dev.parley.admin;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Somebody at the admin API, as a browser or with a token: sends requests with the headers that such a client has. */
public final class Operator {
    static final String PASSWORD = "correct horse battery staple";
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private final URI base;
    private final Map<String, String> headers = new LinkedHashMap<>();

    private Operator(URI base) {
        this.base = base;
    }

    static Operator stranger(URI base) {
        return new Operator(base);
    }

    static Operator withToken(URI base, String token) {
        return new Operator(base).header("Authorization", "Bearer " + token);
    }

    /** The first owner, by way of the link that the broker printed. */
    static Operator first(URI base, String linkPath) throws Exception {
        Operator operator = new Operator(base);
        String secret = linkPath.substring(linkPath.lastIndexOf('/') + 1);
        HttpResponse<String> used = operator.send(
                "POST",
                "/sign-in-links/use",
                new JsonObject().put("secret", secret).put("name", "root").put("password", PASSWORD));
        assertThat(used.statusCode()).as(used.body()).isEqualTo(204);
        return operator.signedIn(used);
    }

    /** An administrator who was made with a link. */
    static Operator withLink(URI base, String secret) throws Exception {
        Operator operator = new Operator(base);
        HttpResponse<String> used = operator.send(
                "POST",
                "/sign-in-links/use",
                new JsonObject().put("secret", secret).put("password", PASSWORD));
        assertThat(used.statusCode()).as(used.body()).isEqualTo(204);
        return operator.signedIn(used);
    }

    /** With the password that everybody here has. */
    Operator signIn(String name) throws Exception {
        HttpResponse<String> used =
                send("POST", "/session", new JsonObject().put("name", name).put("password", PASSWORD));
        assertThat(used.statusCode()).as(used.body()).isEqualTo(204);
        return signedIn(used);
    }

    /** Takes the cookie, and the token that the page would send. */
    private Operator signedIn(HttpResponse<String> response) throws Exception {
        String cookie = response.headers().firstValue("set-cookie").orElseThrow();
        header("Cookie", cookie.substring(0, cookie.indexOf(';')));
        return header("X-CSRF-Token", get("/session").getString("csrf_token"));
    }

    Operator header(String name, String value) {
        headers.put(name, value);
        return this;
    }

    Operator without(String name) {
        headers.remove(name);
        return this;
    }

    Map<String, String> headers() {
        return headers;
    }

    /** Another one with the same headers. */
    Operator copy() {
        Operator copy = new Operator(base);
        copy.headers.putAll(headers);
        return copy;
    }

    JsonObject get(String path) throws Exception {
        HttpResponse<String> response = send("GET", path, null);
        assertThat(response.statusCode()).as(path + " " + response.body()).isEqualTo(200);
        return new JsonObject(response.body());
    }

    /** The same for where nothing may be thrown. */
    JsonObject see(String path) {
        try {
            return get(path);
        } catch (Exception failure) {
            throw new AssertionError(failure);
        }
    }

    JsonObject post(String path, JsonObject body) throws Exception {
        HttpResponse<String> response = send("POST", path, body);
        assertThat(response.statusCode()).as(path + " " + response.body()).isBetween(200, 299);
        return response.body().isEmpty() ? new JsonObject() : new JsonObject(response.body());
    }

    int status(String method, String path, @Nullable JsonObject body) throws Exception {
        return send(method, path, body).statusCode();
    }

    /** Asks for something that goes on; the caller closes its body. */
    HttpResponse<InputStream> open(String path) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(base.resolve("/api/v1" + path));
        headers.forEach(request::header);
        return HTTP.send(request.build(), BodyHandlers.ofInputStream());
    }

    HttpResponse<String> send(String method, String path, @Nullable JsonObject body) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(base.resolve("/api/v1" + path));
        headers.forEach(request::header);
        if (body != null) {
            request.header("Content-Type", "application/json");
        }
        request.method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body.encode()));
        return HTTP.send(request.build(), BodyHandlers.ofString());
    }
}
