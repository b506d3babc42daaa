package dev.parley.auth;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.EdECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Signs tokens with the JDK alone, right ones and wrong ones. */
final class Tokens {
    private Tokens() {}

    @FunctionalInterface
    interface Signer {
        byte[] sign(byte[] input) throws GeneralSecurityException;
    }

    static String sign(JsonObject header, JsonObject claims, Signer signer) {
        return sign(header.encode(), claims.encode(), signer);
    }

    static String sign(String header, String claims, Signer signer) {
        String input = encode(header) + "." + encode(claims);
        try {
            return input + "." + encode(signer.sign(input.getBytes(StandardCharsets.US_ASCII)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    static JsonObject header(String algorithm) {
        return new JsonObject().put("typ", "JWT").put("alg", algorithm);
    }

    static Signer hmac(byte[] secret) {
        return input -> {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret, "HmacSHA256"));
            return mac.doFinal(input);
        };
    }

    static Signer rs256(PrivateKey key) {
        return input -> sign("SHA256withRSA", key, input);
    }

    static Signer es256(PrivateKey key) {
        return input -> sign("SHA256withECDSAinP1363Format", key, input);
    }

    /** As in TLS, not as in JOSE. */
    static Signer es256Der(PrivateKey key) {
        return input -> sign("SHA256withECDSA", key, input);
    }

    static Signer edDsa(PrivateKey key) {
        return input -> sign("Ed25519", key, input);
    }

    static KeyPair rsa(int bits) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(bits);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    static KeyPair ec(String curve) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec(curve));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    static KeyPair ed25519() {
        try {
            return KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    static JsonObject jwk(String keyId, KeyPair pair) {
        JsonObject jwk = new JsonObject().put("kid", keyId).put("use", "sig");
        return switch (pair.getPublic()) {
            case RSAPublicKey rsa ->
                jwk.put("kty", "RSA")
                        .put("n", encode(unsigned(rsa.getModulus().toByteArray(), 0)))
                        .put("e", encode(unsigned(rsa.getPublicExponent().toByteArray(), 0)));
            case ECPublicKey ec ->
                jwk.put("kty", "EC")
                        .put("crv", "P-256")
                        .put("x", encode(unsigned(ec.getW().getAffineX().toByteArray(), 32)))
                        .put("y", encode(unsigned(ec.getW().getAffineY().toByteArray(), 32)));
            case EdECPublicKey ed -> {
                byte[] encoded = ed.getEncoded();
                yield jwk.put("kty", "OKP")
                        .put("crv", "Ed25519")
                        .put("x", encode(Arrays.copyOfRange(encoded, encoded.length - 32, encoded.length)));
            }
            default -> throw new IllegalArgumentException("no JWK for this key");
        };
    }

    static String jwks(JsonObject... keys) {
        return new JsonObject()
                .put("keys", new JsonArray(Arrays.asList((Object[]) keys)))
                .encode();
    }

    static String encode(String text) {
        return encode(text.getBytes(StandardCharsets.UTF_8));
    }

    static String encode(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private static byte[] unsigned(byte[] number, int length) {
        int start = number.length > 1 && number[0] == 0 ? 1 : 0;
        byte[] bytes = Arrays.copyOfRange(number, start, number.length);
        byte[] padded = new byte[Math.max(length, bytes.length)];
        System.arraycopy(bytes, 0, padded, padded.length - bytes.length, bytes.length);
        return padded;
    }

    private static byte[] sign(String algorithm, PrivateKey key, byte[] input) throws GeneralSecurityException {
        Signature signature = Signature.getInstance(algorithm);
        signature.initSign(key);
        signature.update(input);
        return signature.sign();
    }
}
