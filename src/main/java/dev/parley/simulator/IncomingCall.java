package dev.parley.simulator;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.conversation.Ids;
import dev.parley.conversation.Trees;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** A call by SIP that rings: the provider tells of it by {@code realtime.call.incoming}, signed after "Standard Webhooks". */
final class IncomingCall {
    private static final String CALLER = "sip:+15550100@caller.example";
    private static final int SUCCESS_MIN = 200;
    private static final int SUCCESS_MAX = 299;

    private IncomingCall() {}

    static Future<String> ring(Provider provider, URI webhook, String secret, String to) {
        SimulatedCall call =
                new SimulatedCall(provider, Ids.next("rtc_"), provider.scripts().take(null, null, null));
        provider.calls().add(call);
        String body = body(call.id(), to);
        String eventId = Ids.next("evt_");
        String timestamp = Long.toString(Instant.now().getEpochSecond());
        HttpClient client = provider.vertx().createHttpClient();
        return client.request(
                        new RequestOptions().setAbsoluteURI(webhook.toString()).setMethod(HttpMethod.POST))
                .compose(request -> request.putHeader("Content-Type", "application/json")
                        .putHeader("webhook-id", eventId)
                        .putHeader("webhook-timestamp", timestamp)
                        .putHeader("webhook-signature", signature(secret, eventId + '.' + timestamp + '.' + body))
                        .send(Buffer.buffer(body)))
                .compose(response -> response.statusCode() >= SUCCESS_MIN && response.statusCode() <= SUCCESS_MAX
                        ? Future.succeededFuture(call.id())
                        : Future.failedFuture("the webhook answered " + response.statusCode()))
                .onComplete(_ -> client.close());
    }

    static String signature(String secret, String signed) {
        try {
            byte[] key = Base64.getDecoder().decode(secret.replaceFirst("^whsec_", ""));
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return "v1," + Base64.getEncoder().encodeToString(mac.doFinal(signed.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("HMAC-SHA256 is part of every Java", e);
        }
    }

    private static String body(String callId, String to) {
        ObjectNode event = Trees.object()
                .put("object", "event")
                .put("id", Ids.next("evt_"))
                .put("type", "realtime.call.incoming")
                .put("created_at", Instant.now().getEpochSecond());
        ObjectNode data = event.putObject("data").put("call_id", callId);
        ArrayNode headers = data.putArray("sip_headers");
        headers.addObject().put("name", "From").put("value", CALLER);
        headers.addObject().put("name", "To").put("value", to);
        headers.addObject().put("name", "Call-ID").put("value", Ids.next("sip_"));
        return Trees.write(event);
    }
}
