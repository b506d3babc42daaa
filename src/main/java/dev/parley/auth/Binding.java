package dev.parley.auth;

import dev.parley.domain.ModelKind;
import dev.parley.domain.ModelName;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a client secret binds its client to.
 *
 * @param secretId not the secret, and not secret
 * @param kind of the session
 * @param model null for a transcription session
 * @param session settings that the session begins with: JSON, as of {@code session.update} in GA
 * @param fixed settings that the client cannot change: dotted names such as {@code audio.output.voice}, or {@link #ALL}
 * @param maker whose rights it has
 */
public record Binding(
        String secretId,
        boolean singleUse,
        ModelKind kind,
        @Nullable ModelName model,
        String session,
        Set<String> fixed,
        Maker maker) {
    /** Every setting is fixed. */
    public static final String ALL = "*";

    /**
     * The token that asked for the secret. The secret may outlive its expiry, and not its revocation.
     *
     * @param issuer its {@code iss}
     * @param tokenId its {@code jti}
     */
    public record Maker(String issuer, @Nullable String tokenId) {
        public static Maker of(Caller caller) {
            return new Maker(caller.issuer(), caller.tokenId());
        }
    }

    public Binding {
        fixed = Set.copyOf(fixed);
    }
}
