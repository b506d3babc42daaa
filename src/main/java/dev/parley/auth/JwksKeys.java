package dev.parley.auth;

import com.fasterxml.jackson.databind.JsonNode;
import io.vertx.core.Vertx;
import java.math.BigInteger;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.EdECPoint;
import java.security.spec.EdECPublicKeySpec;
import java.security.spec.NamedParameterSpec;
import java.security.spec.RSAPublicKeySpec;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The usable keys of a key set document (RFC 7517): public keys for signatures, strong enough, of the issuer's algorithms,
 * each bound to the algorithm of its type. Other entries are skipped; a secret ({@code oct}) never counts. Immutable.
 */
final class JwksKeys {
    private static final int KEYS_MAX = 100;

    private final Map<Name, SigningKey> keys;

    private JwksKeys(Map<Name, SigningKey> keys) {
        this.keys = Map.copyOf(keys);
    }

    /** Throws {@link IllegalArgumentException} when there is no usable key. */
    static JwksKeys parse(Vertx vertx, byte[] document, Set<Algorithm> algorithms) {
        JsonNode entries = StrictJson.object(document)
                .map(set -> set.path("keys"))
                .orElseThrow(() -> new IllegalArgumentException("the answer is not a JSON object"));
        if (!entries.isArray() || entries.size() > KEYS_MAX) {
            throw new IllegalArgumentException("the answer has no array 'keys' of at most " + KEYS_MAX);
        }
        Map<Name, SigningKey> keys = new HashMap<>();
        for (JsonNode entry : entries) {
            SigningKey key = isForSignatures(entry) ? keyOf(vertx, entry) : null;
            if (key != null && algorithms.contains(key.algorithm())) {
                keys.put(new Name(entry.path("kid").asText(""), key.algorithm()), key);
            }
        }
        if (keys.isEmpty()) {
            throw new IllegalArgumentException("the key set has no usable key");
        }
        return new JwksKeys(keys);
    }

    /** By key id and algorithm; a token without a key id is served only when there is no choice. */
    @Nullable
    SigningKey find(UnverifiedToken token) {
        if (token.keyId() != null) {
            return keys.get(new Name(token.keyId(), token.algorithm()));
        }
        SigningKey only = null;
        for (SigningKey key : keys.values()) {
            if (key.algorithm() == token.algorithm()) {
                if (only != null) {
                    return null;
                }
                only = key;
            }
        }
        return only;
    }

    private static boolean isForSignatures(JsonNode entry) {
        JsonNode use = entry.path("use");
        if (!use.isMissingNode() && !use.asText().equals("sig")) {
            return false;
        }
        JsonNode operations = entry.path("key_ops");
        if (operations.isMissingNode()) {
            return true;
        }
        for (JsonNode operation : operations) {
            if (operation.asText().equals("verify")) {
                return true;
            }
        }
        return false;
    }

    private static @Nullable SigningKey keyOf(Vertx vertx, JsonNode entry) {
        try {
            PublicKey key = switch (entry.path("kty").asText()) {
                case "RSA" -> rsa(entry);
                case "EC" -> ec(entry);
                case "OKP" -> ed25519(entry);
                default -> null;
            };
            if (key == null) {
                return null;
            }
            SigningKey signing = SigningKey.ofPublicKey(vertx, key);
            String algorithm = entry.path("alg").asText("");
            return algorithm.isEmpty() || algorithm.equals(signing.algorithm().wireName()) ? signing : null;
        } catch (GeneralSecurityException | IllegalArgumentException _) {
            return null;
        }
    }

    private static PublicKey rsa(JsonNode entry) throws GeneralSecurityException {
        return KeyFactory.getInstance("RSA")
                .generatePublic(new RSAPublicKeySpec(number(entry, "n"), number(entry, "e")));
    }

    private static @Nullable PublicKey ec(JsonNode entry) throws GeneralSecurityException {
        if (!entry.path("crv").asText().equals("P-256")) {
            return null;
        }
        AlgorithmParameters curve = AlgorithmParameters.getInstance("EC");
        curve.init(new ECGenParameterSpec("secp256r1"));
        return KeyFactory.getInstance("EC")
                .generatePublic(new ECPublicKeySpec(
                        new ECPoint(number(entry, "x"), number(entry, "y")),
                        curve.getParameterSpec(ECParameterSpec.class)));
    }

    /** RFC 8032: 32 bytes, little-endian, the top bit tells whether x is odd. */
    private static @Nullable PublicKey ed25519(JsonNode entry) throws GeneralSecurityException {
        byte[] bytes = bytes(entry, "x");
        if (!entry.path("crv").asText().equals("Ed25519") || bytes.length != 32) {
            return null;
        }
        boolean odd = (bytes[31] & 0x80) != 0;
        byte[] y = new byte[bytes.length];
        for (int i = 0; i < y.length; i++) {
            y[i] = bytes[bytes.length - 1 - i];
        }
        y[0] &= 0x7f;
        return KeyFactory.getInstance("Ed25519")
                .generatePublic(
                        new EdECPublicKeySpec(NamedParameterSpec.ED25519, new EdECPoint(odd, new BigInteger(1, y))));
    }

    private static BigInteger number(JsonNode entry, String name) {
        return new BigInteger(1, bytes(entry, name));
    }

    private static byte[] bytes(JsonNode entry, String name) {
        return Base64.getUrlDecoder().decode(entry.path(name).asText());
    }

    private record Name(String keyId, Algorithm algorithm) {}
}
