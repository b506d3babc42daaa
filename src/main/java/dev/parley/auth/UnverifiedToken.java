package dev.parley.auth;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Base64;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A token taken apart and checked for its form; nothing in it is to be believed yet. Keys that a header brings along
 * ({@code jwk}, {@code jku}, {@code x5c}, {@code x5u}) are ignored: only the issuer's own keys count.
 *
 * @param text the token as it came
 * @param keyId the header's {@code kid}
 */
record UnverifiedToken(
        String text, Algorithm algorithm, @Nullable String keyId, ObjectNode claims) {
    /** Longer tokens are refused before anything is decoded. */
    static final int LENGTH_MAX = 8 * 1024;

    private static final int KEY_ID_LENGTH_MAX = 256;
    private static final Set<String> TYPES = Set.of("jwt", "at+jwt", "application/jwt", "application/at+jwt");
    private static final Base64.Encoder ENCODER = Base64.getUrlEncoder().withoutPadding();

    static UnverifiedToken parse(String text) throws RejectedToken {
        if (text.length() > LENGTH_MAX) {
            throw RejectedToken.invalid("it is longer than " + LENGTH_MAX + " bytes");
        }
        int first = text.indexOf('.');
        int second = first < 0 ? -1 : text.indexOf('.', first + 1);
        if (second < 0 || text.indexOf('.', second + 1) >= 0) {
            throw RejectedToken.invalid("a JWT of three parts is needed");
        }
        ObjectNode header = object(text.substring(0, first), "header");
        ObjectNode claims = object(text.substring(first + 1, second), "payload");
        byte[] signature = decode(text.substring(second + 1), "signature");
        Algorithm algorithm = checkHeader(header);
        if (!algorithm.allowsSignatureOf(signature.length)) {
            throw RejectedToken.invalid("the signature has not the length of its algorithm");
        }
        return new UnverifiedToken(text, algorithm, keyId(header), claims);
    }

    /** The issuer that the token names. */
    String issuer() throws RejectedToken {
        JsonNode issuer = claims.get("iss");
        if (issuer == null) {
            throw RejectedToken.claim("iss", "is missing");
        }
        if (!issuer.isTextual()) {
            throw RejectedToken.claim("iss", "must be a string");
        }
        return issuer.textValue();
    }

    private static Algorithm checkHeader(ObjectNode header) throws RejectedToken {
        if (header.has("crit") || header.has("b64")) {
            throw RejectedToken.invalid("its header asks for extensions that are not supported");
        }
        JsonNode type = header.get("typ");
        if (type != null
                && !(type.isTextual() && TYPES.contains(type.textValue().toLowerCase(Locale.ROOT)))) {
            throw RejectedToken.invalid("its type is not JWT");
        }
        JsonNode algorithm = header.get("alg");
        if (algorithm == null || !algorithm.isTextual()) {
            throw RejectedToken.invalid("its header names no algorithm");
        }
        return Algorithm.ofWireName(algorithm.textValue())
                .orElseThrow(() -> RejectedToken.invalid("its algorithm is not one of HS256, RS256, ES256, EdDSA"));
    }

    private static @Nullable String keyId(ObjectNode header) throws RejectedToken {
        JsonNode keyId = header.get("kid");
        if (keyId == null) {
            return null;
        }
        if (!keyId.isTextual() || keyId.textValue().length() > KEY_ID_LENGTH_MAX) {
            throw RejectedToken.invalid("its key id is not a string of at most " + KEY_ID_LENGTH_MAX + " characters");
        }
        return keyId.textValue();
    }

    private static ObjectNode object(String part, String name) throws RejectedToken {
        return StrictJson.object(decode(part, name))
                .orElseThrow(() -> RejectedToken.invalid("its " + name + " is not a JSON object"));
    }

    /** Strictly: no padding, no foreign characters, no stray bits, so that a token has one spelling. */
    private static byte[] decode(String part, String name) throws RejectedToken {
        byte[] bytes;
        try {
            bytes = Base64.getUrlDecoder().decode(part);
        } catch (IllegalArgumentException _) {
            throw RejectedToken.invalid("its " + name + " is not base64url");
        }
        if (bytes.length == 0 || !ENCODER.encodeToString(bytes).equals(part)) {
            throw RejectedToken.invalid("its " + name + " is not base64url without padding");
        }
        return bytes;
    }

    @Override
    public String toString() {
        return "UnverifiedToken[" + algorithm + "]";
    }
}
