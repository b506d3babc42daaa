package dev.parley.auth;

import java.net.URI;
import java.util.EnumSet;
import java.util.Set;

/** Where the keys of an issuer come from, and the algorithms it is pinned to. */
public sealed interface KeySource {
    /** The algorithms that tokens of the issuer may use. */
    Set<Algorithm> algorithms();

    /** A shared secret for HS256, of 32 to 1,024 bytes. */
    final class SharedSecret implements KeySource {
        private static final int BYTES_MIN = 32;
        private static final int BYTES_MAX = 1024;

        private final byte[] secret;

        /** @param secret copied; the caller wipes its own */
        public SharedSecret(byte[] secret) {
            if (secret.length < BYTES_MIN || secret.length > BYTES_MAX) {
                throw new IllegalArgumentException("an HS256 secret has " + BYTES_MIN + " to " + BYTES_MAX
                        + " bytes, this one has " + secret.length);
            }
            this.secret = secret.clone();
        }

        /** A copy. */
        public byte[] secret() {
            return secret.clone();
        }

        @Override
        public Set<Algorithm> algorithms() {
            return Set.of(Algorithm.HS256);
        }

        @Override
        public String toString() {
            return "SharedSecret[****]";
        }
    }

    /** One public key as {@code -----BEGIN PUBLIC KEY-----}: RSA of at least 2,048 bits, EC P-256 or Ed25519. */
    record PublicKeyPem(String pem) implements KeySource {
        public PublicKeyPem {
            PublicKeys.algorithmOf(PublicKeys.parsePem(pem));
        }

        @Override
        public Set<Algorithm> algorithms() {
            return Set.of(PublicKeys.algorithmOf(PublicKeys.parsePem(pem)));
        }
    }

    /** The address of a key set. Only asymmetric algorithms: a public document holds no secret. */
    record JwksUrl(URI url, Set<Algorithm> algorithms) implements KeySource {
        private static final int LENGTH_MAX = 2048;

        public JwksUrl {
            algorithms = Set.copyOf(algorithms);
            if (algorithms.isEmpty() || algorithms.contains(Algorithm.HS256)) {
                throw new IllegalArgumentException("a JWKS issuer takes some of RS256, ES256, EdDSA");
            }
            if (url.toString().length() > LENGTH_MAX
                    || url.getHost() == null
                    || url.getRawUserInfo() != null
                    || url.getRawFragment() != null
                    || !("https".equals(url.getScheme()) || "http".equals(url.getScheme()))) {
                throw new IllegalArgumentException("a JWKS URL is https://host[:port]/path, without user or fragment");
            }
        }

        /** All three asymmetric algorithms; each key is still bound to the one of its type. */
        public static JwksUrl of(URI url) {
            return new JwksUrl(url, EnumSet.complementOf(EnumSet.of(Algorithm.HS256)));
        }
    }
}
