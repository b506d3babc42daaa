package dev.parley.gateway;

import dev.parley.config.Secret;
import dev.parley.domain.ModelKind;
import dev.parley.domain.ModelName;
import org.jspecify.annotations.Nullable;

/**
 * What a client asks for in a well-formed upgrade request; nothing of it is verified yet.
 *
 * @param kind conversation also where it is not said, and a client secret has to say it
 * @param model there unless a client secret has to say it; of a transcription session it serves policy only, and may be missing
 * @param beta whether the client speaks the beta
 * @param credential the token from the header or the subprotocol; null if there was none
 * @param origin the page that a browser comes from; null for others
 */
public record Handshake(
        ModelKind kind,
        @Nullable ModelName model,
        boolean beta,
        @Nullable Secret credential,
        @Nullable String origin) {}
