package dev.parley.auth;

import java.util.Optional;

/** The signature algorithms that tokens may use. Each issuer is pinned to some of them; {@code none} is not among them. */
public enum Algorithm {
    HS256("HS256", 32),
    RS256("RS256", -1),
    ES256("ES256", 64),
    EDDSA("EdDSA", 64);

    private final String wireName;
    private final int signatureBytes;

    Algorithm(String wireName, int signatureBytes) {
        this.wireName = wireName;
        this.signatureBytes = signatureBytes;
    }

    /** As in a token's {@code alg}: matched exactly, case included. */
    public static Optional<Algorithm> ofWireName(String name) {
        for (Algorithm algorithm : values()) {
            if (algorithm.wireName.equals(name)) {
                return Optional.of(algorithm);
            }
        }
        return Optional.empty();
    }

    public String wireName() {
        return wireName;
    }

    /**
     * Whether a signature of so many bytes can be right. JOSE fixes the length; the library would also take a DER signature
     * or one that is too short.
     */
    boolean allowsSignatureOf(int bytes) {
        return signatureBytes < 0 ? bytes >= 256 : bytes == signatureBytes;
    }

    @Override
    public String toString() {
        return wireName;
    }
}
