package dev.parley.call;

import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.webhook.SigningSecret;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A webhook as a provider sends it, after the specification "Standard Webhooks".
 *
 * @param id {@code webhook-id}
 * @param timestamp {@code webhook-timestamp}: seconds of Unix time
 * @param signature {@code webhook-signature}: one or several with spaces between them
 * @param body as it came
 */
public record ProviderWebhook(
        @Nullable String id,
        @Nullable String timestamp,
        @Nullable String signature,
        Buffer body) {
    /** How old one may be, or how far ahead of this clock. */
    static final Duration TOLERANCE = Duration.ofMinutes(5);

    private static final int ID_MAX = 255;
    private static final int SIGNATURE_MAX = 2_048;
    private static final Refusal FORGED =
            Refusal.of(Kind.UNAUTHENTICATED, "invalid_signature", "The webhook's signature is missing or wrong.");

    /** Why it is not worth a look at its signature; empty if it is. */
    public Optional<Refusal> staleness(Instant now) {
        String at = timestamp;
        boolean whole = id != null
                && !id.isEmpty()
                && id.length() <= ID_MAX
                && signature != null
                && signature.length() <= SIGNATURE_MAX
                && at != null
                && at.matches("\\d{1,12}");
        if (!whole) {
            return Optional.of(FORGED);
        }
        Duration age = Duration.between(Instant.ofEpochSecond(Long.parseLong(at)), now);
        return age.abs().compareTo(TOLERANCE) > 0
                ? Optional.of(Refusal.of(
                        Kind.UNAUTHENTICATED,
                        "webhook_too_old",
                        "The webhook's timestamp is more than " + TOLERANCE.toMinutes() + " minutes from now."))
                : Optional.empty();
    }

    /** Why it is not genuine; empty if it is. */
    public Optional<Refusal> forgery(@Nullable SigningSecret secret) {
        String known = id;
        String at = timestamp;
        String signed = signature;
        return secret != null
                        && known != null
                        && at != null
                        && signed != null
                        && secret.hasSigned(known, at, body.getBytes(), signed)
                ? Optional.empty()
                : Optional.of(FORGED);
    }
}
