package dev.parley.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import dev.parley.admin.AdminListener;
import dev.parley.concurrent.Blocking;
import dev.parley.config.ListenerConfig;
import dev.parley.config.Networks;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Certificates of a real listener, replaced while it runs. */
class PemFilesIT {
    @TempDir
    Path folder;

    private final BlockingQueue<String> log = new LinkedBlockingQueue<>();
    private final Logger logger = (Logger) LoggerFactory.getLogger(PemFiles.class);
    private final AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            log.add(event.getMessage());
        }
    };
    private Vertx vertx;
    private Blocking blocking;
    private Path certificate;
    private Path key;

    @BeforeEach
    void setUp() {
        vertx = Vertx.vertx();
        blocking = new Blocking(vertx, 2, 10, Duration.ofSeconds(5));
        certificate = folder.resolve("tls.crt");
        key = folder.resolve("tls.key");
        appender.start();
        logger.addAppender(appender);
        logger.setLevel(ch.qos.logback.classic.Level.INFO);
    }

    @AfterEach
    void tearDown() throws Exception {
        logger.detachAppender(appender);
        blocking.close();
        vertx.close().await(10, TimeUnit.SECONDS);
    }

    @Test
    void newCertificateIsServedWithoutARestart() throws Exception {
        TestCertificate first = TestCertificate.make(folder);
        TestCertificate second = TestCertificate.make(folder);
        first.write(certificate, key);
        int port = listen();
        assertThat(servedSerial(port)).isEqualTo(first.serial());

        second.write(certificate, key);

        awaitLog("new certificate in use");
        assertThat(servedSerial(port)).isEqualTo(second.serial());
    }

    @Test
    void bothListenersOfABrokerServeAndReplaceTheirs() throws Exception {
        TestCertificate first = TestCertificate.make(folder);
        TestCertificate second = TestCertificate.make(folder);
        first.write(certificate, key);
        Map<String, String> settings = Map.of(
                "PARLEY_HTTP_TLS_CERTIFICATE", certificate.toString(),
                "PARLEY_HTTP_TLS_KEY", key.toString(),
                "PARLEY_ADMIN_TLS_CERTIFICATE", certificate.toString(),
                "PARLEY_ADMIN_TLS_KEY", key.toString());
        try (BrokerTester tester = BrokerTester.start(settings)) {
            assertThat(servedSerial(tester.broker().tenantPort())).isEqualTo(first.serial());
            assertThat(servedSerial(tester.broker().adminPort())).isEqualTo(first.serial());

            Path newKey = Files.writeString(folder.resolve("new.key"), second.keyPem());
            Path newCertificate = Files.writeString(folder.resolve("new.crt"), second.certificatePem());
            Files.move(newKey, key, StandardCopyOption.REPLACE_EXISTING);
            Files.move(newCertificate, certificate, StandardCopyOption.REPLACE_EXISTING);

            awaitServed(tester.broker().tenantPort(), second);
            awaitServed(tester.broker().adminPort(), second);
        }
    }

    @Test
    void certificateThatCannotBeUsedLeavesTheOldOneInPlace() throws Exception {
        TestCertificate first = TestCertificate.make(folder);
        TestCertificate second = TestCertificate.make(folder);
        first.write(certificate, key);
        int port = listen();

        Files.writeString(certificate, "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n");
        awaitLog("new certificate cannot be used; the old one stays");
        assertThat(servedSerial(port)).isEqualTo(first.serial());

        Files.writeString(certificate, second.certificatePem());
        awaitLog("new certificate cannot be used; the old one stays");
        assertThat(servedSerial(port)).as("the key is still the first one's").isEqualTo(first.serial());

        Files.writeString(key, second.keyPem());
        awaitLog("new certificate in use");
        assertThat(servedSerial(port)).isEqualTo(second.serial());
    }

    @Test
    void refusesToStartWithAKeyOfAnotherCertificate() throws Exception {
        Files.writeString(certificate, TestCertificate.make(folder).certificatePem());
        Files.writeString(key, TestCertificate.make(folder).keyPem());

        StartException refused =
                catchThrowableOfType(StartException.class, () -> PemFiles.of(vertx, "http", listener()));

        assertThat(refused)
                .hasMessage("http.tls-certificate " + certificate + " and http.tls-key " + key
                        + " cannot be used: the key does not belong to the certificate");
    }

    private ListenerConfig listener() {
        return new ListenerConfig("127.0.0.1", 0, certificate, key);
    }

    private int listen() throws Exception {
        PemFiles files = Objects.requireNonNull(PemFiles.of(vertx, "admin", listener()));
        AdminListener admin =
                new AdminListener(vertx, listener(), Networks.NONE, () -> Future.succeededFuture(""), List.of());
        int port = admin.start(files.options()).await(10, TimeUnit.SECONDS);
        files.watch(blocking, "admin", admin::updateTls);
        return port;
    }

    /** Skips other lines: two files are not written in one moment, so the listener may look in between. */
    private void awaitLog(String message) throws InterruptedException {
        String line;
        do {
            line = log.poll(20, TimeUnit.SECONDS);
            assertThat(line).as("awaited: " + message).isNotNull();
        } while (!message.equals(line));
    }

    private static void awaitServed(int port, TestCertificate wanted) throws Exception {
        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!servedSerial(port).equals(wanted.serial())) {
            assertThat(System.nanoTime()).as("new certificate in time").isLessThan(deadline);
        }
    }

    private static BigInteger servedSerial(int port) throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new TrustEverybody()}, new SecureRandom());
        try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", port)) {
            socket.setSoTimeout(10_000);
            socket.startHandshake();
            return ((X509Certificate) socket.getSession().getPeerCertificates()[0]).getSerialNumber();
        }
    }

    /** The tests ask which certificate is served, not whether to trust it. */
    private static final class TrustEverybody implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
