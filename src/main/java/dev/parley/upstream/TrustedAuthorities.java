package dev.parley.upstream;

import io.vertx.core.net.TrustOptions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/** The authorities that Java trusts, and those of one PEM file beside them. Reads files: used at start only. */
final class TrustedAuthorities {
    private TrustedAuthorities() {}

    static TrustOptions systemAnd(Path pem) {
        try {
            KeyStore all = KeyStore.getInstance(KeyStore.getDefaultType());
            all.load(null, null);
            int number = 0;
            for (X509Certificate system : manager(null).getAcceptedIssuers()) {
                all.setCertificateEntry("system-" + number++, system);
            }
            try (InputStream file = Files.newInputStream(pem)) {
                for (Certificate further :
                        CertificateFactory.getInstance("X.509").generateCertificates(file)) {
                    all.setCertificateEntry("further-" + number++, further);
                }
            }
            return TrustOptions.wrap(manager(all));
        } catch (GeneralSecurityException | IOException unreadable) {
            throw new IllegalArgumentException(
                    "the trust file " + pem + " cannot be used: " + unreadable.getMessage(), unreadable);
        }
    }

    private static X509TrustManager manager(@Nullable KeyStore store) throws GeneralSecurityException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        for (TrustManager manager : factory.getTrustManagers()) {
            if (manager instanceof X509TrustManager x509) {
                return x509;
            }
        }
        throw new GeneralSecurityException("this Java has no X.509 trust manager");
    }
}
