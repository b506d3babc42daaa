package dev.parley.webhook;

import dev.parley.concurrent.Eventually;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** A webhook's receiver on loopback, which checks signatures by itself and answers as its test says. */
public final class Receiver implements AutoCloseable {
    private final HttpServer server;
    private final List<Received> received = new CopyOnWriteArrayList<>();
    private volatile Consumer<HttpServerRequest> answer = status(204);

    /** One request. */
    public record Received(
            String id, String timestamp, String signature, String contentType, String query, String body) {
        public JsonObject json() {
            return new JsonObject(body);
        }

        /** As the specification has receivers check it, with the secret as it was shown. */
        public boolean isSignedWith(String secret) {
            try {
                byte[] key = Base64.getDecoder().decode(secret.substring("whsec_".length()));
                Mac mac = Mac.getInstance("HmacSHA256");
                mac.init(new SecretKeySpec(key, "HmacSHA256"));
                byte[] expected = mac.doFinal((id + "." + timestamp + "." + body).getBytes(StandardCharsets.UTF_8));
                return signature.equals("v1," + Base64.getEncoder().encodeToString(expected));
            } catch (GeneralSecurityException e) {
                throw new AssertionError(e);
            }
        }
    }

    public Receiver(Vertx vertx) {
        server = vertx.createHttpServer()
                .requestHandler(request -> request.body().onSuccess(body -> {
                    received.add(new Received(
                            request.getHeader("webhook-id"),
                            request.getHeader("webhook-timestamp"),
                            request.getHeader("webhook-signature"),
                            request.getHeader("Content-Type"),
                            String.valueOf(request.query()),
                            body.toString(StandardCharsets.UTF_8)));
                    answer.accept(request);
                }));
        Eventually.result(server.listen(0, "127.0.0.1"));
    }

    public static Consumer<HttpServerRequest> status(int status) {
        return request -> request.response().setStatusCode(status).end();
    }

    public void answer(Consumer<HttpServerRequest> with) {
        answer = with;
    }

    public List<Received> received() {
        return received;
    }

    public WebhookUrl url() {
        return WebhookUrl.of("http://127.0.0.1:" + server.actualPort() + "/hooks?token=hidden");
    }

    @Override
    public void close() {
        Eventually.result(server.close());
    }
}
