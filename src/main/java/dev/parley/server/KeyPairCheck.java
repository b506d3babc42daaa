package dev.parley.server;

import io.vertx.core.Vertx;
import io.vertx.core.net.PemKeyCertOptions;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import javax.net.ssl.KeyManager;
import javax.net.ssl.X509KeyManager;

/**
 * Whether a certificate and a key can be used together. Java's TLS finds out only when a client connects, and after the old
 * pair is gone; so a signature is tried first. Blocks.
 */
final class KeyPairCheck {
    private static final String[] KEY_TYPES = {"RSA", "EC", "EdDSA", "Ed25519"};
    private static final byte[] PROBE = {1, 2, 3};

    private KeyPairCheck() {}

    /** @throws Exception whose message says what is wrong */
    static void check(Vertx vertx, PemKeyCertOptions options) throws Exception {
        for (KeyManager manager : options.getKeyManagerFactory(vertx).getKeyManagers()) {
            if (manager instanceof X509KeyManager keys) {
                for (String type : KEY_TYPES) {
                    String[] aliases = keys.getServerAliases(type, null);
                    if (aliases != null && aliases.length > 0) {
                        prove(keys.getPrivateKey(aliases[0]), keys.getCertificateChain(aliases[0])[0]);
                        return;
                    }
                }
            }
        }
        throw new GeneralSecurityException("no certificate with an RSA, EC or Ed25519 key");
    }

    private static void prove(PrivateKey key, X509Certificate certificate) throws GeneralSecurityException {
        certificate.checkValidity();
        String algorithm = switch (key.getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> "Ed25519";
        };
        Signature signing = Signature.getInstance(algorithm);
        signing.initSign(key);
        signing.update(PROBE);
        byte[] signature = signing.sign();
        Signature verifying = Signature.getInstance(algorithm);
        try {
            verifying.initVerify(certificate.getPublicKey());
            verifying.update(PROBE);
            if (verifying.verify(signature)) {
                return;
            }
        } catch (GeneralSecurityException mismatch) {
            throw new GeneralSecurityException("the key does not belong to the certificate", mismatch);
        }
        throw new GeneralSecurityException("the key does not belong to the certificate");
    }
}
