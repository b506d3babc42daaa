package dev.parley.webhook;

import java.time.Instant;
import java.util.Map;

/** What a sender of webhooks puts into its headers, for tests of other packages. */
public final class WebhookSignature {
    private WebhookSignature() {}

    public static Map<String, String> headers(SigningSecret secret, String id, Instant at, String body) {
        return secret.headers(id, at, body);
    }
}
