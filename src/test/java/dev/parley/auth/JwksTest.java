package dev.parley.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.auth.TokenVerifier.Verification;
import dev.parley.domain.Refusal;
import io.vertx.core.Future;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import java.net.InetAddress;
import java.net.URI;
import java.security.KeyPair;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JwksTest {
    private static final String ISSUER = "https://idp.example";
    private static final Duration SHORT = Duration.ofMillis(400);
    private static final KeyPair KEY = Tokens.ec("secp256r1");

    private final AtomicInteger lookUps = new AtomicInteger();
    /** What the name server says of {@code keys.example}. */
    private volatile List<String> addresses = List.of("127.0.0.1");

    /** What {@code stuck.example} waits for. */
    private final CountDownLatch nameServerAnswers = new CountDownLatch(1);

    private final AuthRig rig = new AuthRig(this::resolve, true, JwksFetcher.TIMEOUT);
    private final KeyServer server = new KeyServer(rig.vertx);

    @AfterEach
    void stop() {
        nameServerAnswers.countDown();
        server.close();
        rig.close();
    }

    @Test
    void acceptsEachKindOfKeyByItsId() {
        KeyPair rsa = Tokens.rsa(2048);
        KeyPair ed = Tokens.ed25519();
        server.answer(Tokens.jwks(Tokens.jwk("r", rsa), Tokens.jwk("e", KEY), Tokens.jwk("d", ed)));
        start(server.url());
        assertAccepted(Tokens.sign(header("RS256", "r"), rig.claims(ISSUER), Tokens.rs256(rsa.getPrivate())));
        assertAccepted(es256("e", KEY));
        assertAccepted(Tokens.sign(header("EdDSA", "d"), rig.claims(ISSUER), Tokens.edDsa(ed.getPrivate())));
        assertThat(server.requests).hasValue(1);
    }

    @Test
    void aTokenWithoutKeyIdNeedsASingleKeyOfItsAlgorithm() {
        server.answer(Tokens.jwks(Tokens.jwk("e", KEY)));
        start(server.url());
        String token = Tokens.sign(Tokens.header("ES256"), rig.claims(ISSUER), Tokens.es256(KEY.getPrivate()));
        assertAccepted(token);

        server.answer(Tokens.jwks(Tokens.jwk("e", KEY), Tokens.jwk("f", Tokens.ec("secp256r1"))));
        rig.turn(JwksKeySet.REFRESH_AFTER.plusSeconds(1));
        refused(es256("unknown", KEY));
        assertThat(refused(token).code()).isEqualTo("invalid_api_key");
    }

    @Test
    void rotationUnderLoadRejectsNobody() {
        List<KeyPair> keys = new ArrayList<>(List.of(KEY));
        server.answer(Tokens.jwks(Tokens.jwk("k0", KEY)));
        start(server.url());
        int rotations = 5;
        int rejected = 0;
        for (int rotation = 1; rotation <= rotations; rotation++) {
            rejected += rejectedOf(100, keys);
            KeyPair next = Tokens.ec("secp256r1");
            keys.add(next);
            int newest = rotation;
            server.answer(
                    Tokens.jwks(Tokens.jwk("k" + (newest - 1), keys.get(newest - 1)), Tokens.jwk("k" + newest, next)));
            rig.turn(JwksKeySet.COOL_DOWN);
            rejected += rejectedOf(100, keys);
        }
        assertThat(rejected).isZero();
        assertThat(server.requests.get()).isEqualTo(1 + rotations);
    }

    @Test
    void aFloodOfUnknownKeyIdsCostsOneFetchInTheCoolDown() {
        server.answer(Tokens.jwks(Tokens.jwk("e", KEY)));
        start(server.url());
        String good = es256("e", KEY);
        assertAccepted(good);
        rig.turn(JwksKeySet.COOL_DOWN);

        String forged = es256("e", KEY);
        String body = forged.substring(forged.indexOf('.'));
        List<Future<Verification>> flood = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            String header = Tokens.encode(header("ES256", "unknown-" + i).encode());
            flood.add(rig.verifier.verify(header + body));
        }
        AuthRig.await(Future.join(flood));

        assertThat(flood).allSatisfy(one -> assertThat(one.result()).isInstanceOf(Verification.Rejected.class));
        assertThat(server.requests).as("the first, and one for the flood").hasValue(2);
        assertAccepted(good);
    }

    @Test
    void aSlowServerIsLeftAfterTheDeadlineAndHoldsNoConnection() throws Exception {
        server.answer(request -> {
            HttpServerResponse response = request.response().setChunked(true);
            response.write("{\"keys\":[");
            long timer = rig.vertx.setPeriodic(20, _ -> response.write(" "));
            response.closeHandler(_ -> rig.vertx.cancelTimer(timer));
        });
        assertThatThrownBy(() -> AuthRig.await(fetcher(true).fetch(server.url())))
                .hasStackTraceContaining("no answer within");
        awaitNoConnection();
    }

    @Test
    void nameServersThatDoNotAnswerHoldUpNobodyElse() {
        KeyPair pair = Tokens.ec("secp256r1");
        rig.issuers.add(new Issuer(
                "https://other.example",
                AuthRig.GLOBEX,
                new KeySource.PublicKeyPem(PublicKeys.toPem(pair.getPublic()))));
        List<Future<Verification>> stuck = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            rig.issuers.add(new Issuer(
                    ISSUER + i, AuthRig.ACME, KeySource.JwksUrl.of(URI.create("https://stuck.example/" + i))));
        }
        rig.start();
        for (int i = 0; i < 3; i++) {
            stuck.add(rig.verifier.verify(
                    Tokens.sign(header("ES256", "e"), rig.claims(ISSUER + i), Tokens.es256(KEY.getPrivate()))));
        }

        String token = Tokens.sign(
                Tokens.header("ES256"), rig.claims("https://other.example"), Tokens.es256(pair.getPrivate()));
        Future<Verification> onAnEventLoop = Future.future(promise ->
                rig.vertx.runOnContext(_ -> rig.verifier.verify(token).onComplete(promise)));

        assertThat(AuthRig.await(onAnEventLoop)).isInstanceOf(Verification.Verified.class);
        nameServerAnswers.countDown();
        assertThat(AuthRig.await(Future.join(stuck)).<Verification>list())
                .allSatisfy(one -> assertThat(one).isInstanceOf(Verification.Rejected.class));
    }

    @Test
    void aSilentServerIsLeftAfterTheDeadline() throws Exception {
        server.answer(_ -> {});
        assertThatThrownBy(() -> AuthRig.await(fetcher(true).fetch(server.url())))
                .hasStackTraceContaining("no answer within");
        awaitNoConnection();
    }

    @Test
    void saysWhenToTryAgainWhenKeysCannotBeFetched() {
        server.answer(request -> request.response().setStatusCode(500).end());
        start(server.url());
        Refusal refusal = refused(es256("e", KEY));
        assertThat(refusal.code()).isEqualTo("issuer_keys_unavailable");
        assertThat(refusal.kind().httpStatus()).isEqualTo(503);
        assertThat(refusal.retryAfter()).isPositive();
    }

    @Test
    void followsNoRedirect() {
        try (KeyServer target = new KeyServer(rig.vertx)) {
            target.answer(Tokens.jwks(Tokens.jwk("e", KEY)));
            server.answer(request -> request.response()
                    .setStatusCode(302)
                    .putHeader("Location", target.url().toString())
                    .end());
            start(server.url());
            refused(es256("e", KEY));
            assertThat(target.requests).hasValue(0);
        }
    }

    @Test
    void readsNoMoreThanTheCap() throws Exception {
        String pad = " ".repeat(JwksFetcher.BYTES_MAX);
        server.answer(Tokens.jwks(Tokens.jwk("e", KEY)) + pad);
        start(server.url());
        refused(es256("e", KEY));
        awaitNoConnection();
    }

    @Test
    void readsUpToTheCap() {
        String document = Tokens.jwks(Tokens.jwk("e", KEY));
        server.answer(document + " ".repeat(JwksFetcher.BYTES_MAX - document.length()));
        start(server.url());
        assertAccepted(es256("e", KEY));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "<html>",
                "[]",
                "{\"keys\":{}}",
                "{\"keys\":[]}",
                "{\"keys\":[null,1,\"e\"]}",
                "{\"keys\":[{\"kty\":\"oct\",\"kid\":\"e\",\"k\":\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY\"}]}",
                "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"e\",\"x\":\"!\",\"y\":\"?\"}]}",
                "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"e\"}]}",
                "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"e\",\"x\":\"AA\"}]}"
            })
    void refusesDocumentsWithoutUsableKeys(String document) {
        server.answer(document);
        start(server.url());
        refused(es256("e", KEY));
        refused(Tokens.sign(
                header("HS256", "e"),
                rig.claims(ISSUER),
                Tokens.hmac("0123456789abcdef0123456789abcdef".getBytes(java.nio.charset.StandardCharsets.US_ASCII))));
    }

    @Test
    void skipsWeakKeysAndKeysForOtherUses() {
        KeyPair weak = Tokens.rsa(1024);
        JsonObject forEncryption = Tokens.jwk("enc", KEY).put("use", "enc");
        JsonObject ofOtherAlgorithm = Tokens.jwk("es384", KEY).put("alg", "ES384");
        server.answer(Tokens.jwks(Tokens.jwk("weak", weak), forEncryption, ofOtherAlgorithm, Tokens.jwk("good", KEY)));
        start(server.url());
        assertAccepted(es256("good", KEY));
        refused(es256("enc", KEY));
        refused(es256("es384", KEY));
        refused(Tokens.sign(header("RS256", "weak"), rig.claims(ISSUER), _ -> new byte[256]));
    }

    @Test
    void knownKeysOutliveAnOutageForAWhileAndThenFailClosed() {
        server.answer(Tokens.jwks(Tokens.jwk("e", KEY)));
        start(server.url());
        assertAccepted(es256("e", KEY));
        server.answer(request -> request.response().setStatusCode(500).end());

        rig.turn(JwksKeySet.KEEP);
        assertAccepted(es256("e", KEY));
        rig.turn(Duration.ofMinutes(1));
        assertThat(refused(es256("e", KEY)).code()).isEqualTo("issuer_keys_unavailable");

        server.answer(Tokens.jwks(Tokens.jwk("e", KEY)));
        rig.turn(JwksKeySet.COOL_DOWN);
        assertAccepted(es256("e", KEY));
    }

    @Test
    void aKeyThatTheIssuerWithdrewIsRefused() {
        server.answer(Tokens.jwks(Tokens.jwk("old", KEY)));
        start(server.url());
        assertAccepted(es256("old", KEY));
        KeyPair next = Tokens.ec("secp256r1");
        server.answer(Tokens.jwks(Tokens.jwk("new", next)));
        rig.turn(JwksKeySet.COOL_DOWN);
        assertAccepted(es256("new", next));
        refused(es256("old", KEY));
    }

    @Test
    void theConnectionGoesToTheAddressThatWasChecked() {
        server.answer(Tokens.jwks(Tokens.jwk("e", KEY)));
        start(server.url("keys.example"));
        assertAccepted(es256("e", KEY));
        assertThat(lookUps).as("one look-up: a second answer could be another").hasValue(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "10.0.0.1",
                "169.254.169.254",
                "192.168.1.1",
                "172.16.0.1",
                "100.64.0.1",
                "::1",
                "fd00::1",
                "fe80::1"
            })
    void connectsToNoPrivateAddress(String address) {
        addresses = List.of(address);
        assertThatThrownBy(() -> AuthRig.await(fetcher(false).fetch(URI.create("https://keys.example/jwks"))))
                .hasStackTraceContaining("not at a public address");
    }

    @Test
    void onePrivateAddressAmongPublicOnesIsEnough() {
        addresses = List.of("93.184.216.34", "10.0.0.1");
        assertThatThrownBy(() -> AuthRig.await(fetcher(true).fetch(URI.create("https://keys.example/jwks"))))
                .hasStackTraceContaining("not at a public address");
    }

    @Test
    void loopbackNeedsTheSetting() {
        server.answer(Tokens.jwks(Tokens.jwk("e", KEY)));
        assertThatThrownBy(() -> AuthRig.await(fetcher(false).fetch(server.url())))
                .hasStackTraceContaining("https only");
        assertThat(server.requests).hasValue(0);
    }

    @Test
    void plainHttpIsForLoopbackOnly() {
        addresses = List.of("93.184.216.34");
        assertThatThrownBy(() -> AuthRig.await(fetcher(true).fetch(URI.create("http://keys.example/jwks"))))
                .hasStackTraceContaining("https only");
    }

    private int rejectedOf(int count, List<KeyPair> keys) {
        int newest = keys.size() - 1;
        List<Future<Verification>> outcomes = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            // The server still publishes the key before the newest, and tokens of both are in use.
            int key = Math.max(0, newest - ThreadLocalRandom.current().nextInt(2));
            outcomes.add(rig.verifier.verify(es256("k" + key, keys.get(key))));
        }
        AuthRig.await(Future.all(outcomes));
        return (int) outcomes.stream()
                .filter(outcome -> outcome.result() instanceof Verification.Rejected)
                .count();
    }

    private void start(URI url) {
        rig.issuers.add(new Issuer(ISSUER, AuthRig.ACME, KeySource.JwksUrl.of(url)));
        rig.start();
    }

    private JwksFetcher fetcher(boolean allowLoopback) {
        return new JwksFetcher(rig.vertx, this::resolve, allowLoopback, SHORT);
    }

    private List<InetAddress> resolve(String host) throws java.net.UnknownHostException {
        if (host.equals("stuck.example")) {
            awaitNameServer();
        }
        if (!host.equals("keys.example")) {
            return List.of(InetAddress.getByName(host));
        }
        lookUps.incrementAndGet();
        List<InetAddress> resolved = new ArrayList<>();
        for (String address : addresses) {
            resolved.add(InetAddress.getByName(address));
        }
        return resolved;
    }

    private void awaitNameServer() throws java.net.UnknownHostException {
        try {
            nameServerAnswers.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        throw new java.net.UnknownHostException("stuck.example");
    }

    private String es256(String keyId, KeyPair pair) {
        return Tokens.sign(header("ES256", keyId), rig.claims(ISSUER), Tokens.es256(pair.getPrivate()));
    }

    private static JsonObject header(String algorithm, String keyId) {
        return Tokens.header(algorithm).put("kid", keyId);
    }

    private void assertAccepted(String token) {
        assertThat(rig.verify(token)).isInstanceOf(Verification.Verified.class);
    }

    private Refusal refused(String token) {
        Verification verification = rig.verify(token);
        assertThat(verification).isInstanceOf(Verification.Rejected.class);
        return ((Verification.Rejected) verification).refusal();
    }

    private void awaitNoConnection() throws Exception {
        Future<Void> closed = Future.future(promise -> rig.vertx.setPeriodic(10, timer -> {
            if (server.openConnections.get() == 0) {
                rig.vertx.cancelTimer(timer);
                promise.complete();
            }
        }));
        AuthRig.await(closed);
    }
}
