package dev.parley.auth;

import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.EdECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.NamedParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Public keys from PEM, and the one algorithm that each is good for. Weak keys are refused. */
final class PublicKeys {
    private static final Pattern PEM =
            Pattern.compile("\\s*-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\\s]+)-----END PUBLIC KEY-----\\s*");
    private static final int PEM_LENGTH_MAX = 16 * 1024;
    private static final int RSA_BITS_MIN = 2048;
    private static final int RSA_BITS_MAX = 8192;
    /** The order of its group tells P-256 from every other curve (SEC 2, secp256r1). */
    private static final String P256_ORDER = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

    private PublicKeys() {}

    static PublicKey parsePem(String pem) {
        Matcher matcher = PEM.matcher(pem);
        if (pem.length() > PEM_LENGTH_MAX || !matcher.matches()) {
            throw new IllegalArgumentException("a public key is one PEM block '-----BEGIN PUBLIC KEY-----'");
        }
        X509EncodedKeySpec spec = new X509EncodedKeySpec(Base64.getMimeDecoder().decode(matcher.group(1)));
        return Stream.of("RSA", "EC", "Ed25519")
                .flatMap(type -> ofType(type, spec).stream())
                .findFirst()
                .orElseThrow(
                        () -> new IllegalArgumentException("the PEM block holds no RSA, EC or Ed25519 public key"));
    }

    private static Optional<PublicKey> ofType(String type, X509EncodedKeySpec spec) {
        try {
            return Optional.of(KeyFactory.getInstance(type).generatePublic(spec));
        } catch (GeneralSecurityException _) {
            return Optional.empty();
        }
    }

    /** In the one spelling that the library reads, whatever the line breaks were. */
    static String toPem(PublicKey key) {
        return "-----BEGIN PUBLIC KEY-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(key.getEncoded())
                + "\n-----END PUBLIC KEY-----\n";
    }

    static Algorithm algorithmOf(PublicKey key) {
        return switch (key) {
            case RSAPublicKey rsa -> rs256(rsa);
            case ECPublicKey ec -> es256(ec);
            case EdECPublicKey ed
            when ed.getParams().getName().equals(NamedParameterSpec.ED25519.getName()) -> Algorithm.EDDSA;
            default -> throw new IllegalArgumentException("a public key is RSA, EC P-256 or Ed25519");
        };
    }

    private static Algorithm rs256(RSAPublicKey key) {
        int bits = key.getModulus().bitLength();
        if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX) {
            throw new IllegalArgumentException(
                    "an RSA key has " + RSA_BITS_MIN + " to " + RSA_BITS_MAX + " bits, this one has " + bits);
        }
        return Algorithm.RS256;
    }

    private static Algorithm es256(ECPublicKey key) {
        if (!key.getParams().getOrder().toString(16).equals(P256_ORDER)) {
            throw new IllegalArgumentException("an EC key for ES256 is on the curve P-256");
        }
        return Algorithm.ES256;
    }
}
