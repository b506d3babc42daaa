package dev.parley.server;

import dev.parley.concurrent.Blocking;
import dev.parley.config.ListenerConfig;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.PemKeyCertOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The certificate and key of one listener. Looks every {@link #LOOK_EVERY} whether the files have changed, and hands the
 * new ones over; when they cannot be used, the listener keeps what it has and an error is logged, once for each state of
 * the files.
 */
final class PemFiles {
    static final Duration LOOK_EVERY = Duration.ofSeconds(2);
    private static final Logger LOGGER = LoggerFactory.getLogger(PemFiles.class);

    private final Path certificate;
    private final Path key;
    private byte[] certificateSeen;
    private byte[] keySeen;

    private final Vertx vertx;

    private PemFiles(Vertx vertx, Path certificate, Path key) throws IOException {
        this.vertx = vertx;
        this.certificate = certificate;
        this.key = key;
        this.certificateSeen = Files.readAllBytes(certificate);
        this.keySeen = Files.readAllBytes(key);
    }

    /**
     * The files of a listener, read; null if it has none. Blocks.
     *
     * @throws StartException if they cannot be used
     */
    static @Nullable PemFiles of(Vertx vertx, String section, ListenerConfig listener) throws StartException {
        Path certificate = listener.tlsCertificate();
        Path key = listener.tlsKey();
        if (certificate == null || key == null) {
            return null;
        }
        try {
            PemFiles files = new PemFiles(vertx, certificate, key);
            KeyPairCheck.check(vertx, files.options());
            return files;
        } catch (Exception e) {
            throw new StartException(
                    section + ".tls-certificate " + certificate + " and " + section + ".tls-key " + key
                            + " cannot be used: " + e.getMessage(),
                    e);
        }
    }

    synchronized PemKeyCertOptions options() {
        return new PemKeyCertOptions()
                .setCertValue(Buffer.buffer(certificateSeen))
                .setKeyValue(Buffer.buffer(keySeen));
    }

    /**
     * Looks from now on, on a timer, and reads on {@code blocking}.
     *
     * @param listener for the log
     * @param take hands new certificates to the listener, and fails if they cannot be used
     */
    void watch(Blocking blocking, String listener, Function<PemKeyCertOptions, Future<Boolean>> take) {
        vertx.setPeriodic(
                LOOK_EVERY.toMillis(),
                _ -> blocking.call(this::readIfChanged)
                        .compose(changed -> changed ? take.apply(options()) : Future.succeededFuture(false))
                        .onSuccess(taken -> {
                            if (taken) {
                                LOGGER.atInfo()
                                        .addKeyValue("listener", listener)
                                        .log("new certificate in use");
                            }
                        })
                        .onFailure(failure -> LOGGER.atError()
                                .addKeyValue("listener", listener)
                                .addKeyValue("certificate", certificate)
                                .addKeyValue("key", key)
                                .addKeyValue("cause", failure.getMessage())
                                .log("new certificate cannot be used; the old one stays")));
    }

    /**
     * Certificates are small, so their bytes are compared: a time stamp can stay the same, or change for
     * nothing.
     */
    private synchronized boolean readIfChanged() throws Exception {
        byte[] newCertificate = Files.readAllBytes(certificate);
        byte[] newKey = Files.readAllBytes(key);
        if (Arrays.equals(newCertificate, certificateSeen) && Arrays.equals(newKey, keySeen)) {
            return false;
        }
        certificateSeen = newCertificate;
        keySeen = newKey;
        KeyPairCheck.check(vertx, options());
        return true;
    }
}
