package dev.parley.auth;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.parley.auth.TokenVerifier.Verification;
import dev.parley.auth.Tokens.Signer;
import dev.parley.domain.Refusal;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.LoggerFactory;

/** Tokens that must never be accepted; each differs from a good one in one point. */
@TestInstance(Lifecycle.PER_CLASS)
class ForgedTokensTest {
    private static final String HS = "https://hs.canary.example";
    private static final String RS = "https://rs.canary.example";
    private static final String ES = "https://es.canary.example";
    private static final String ED = "https://ed.canary.example";
    private static final String FROZEN = "https://frozen.canary.example";
    private static final byte[] SECRET = "0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] OTHER_SECRET = "fedcba9876543210fedcba9876543210".getBytes(StandardCharsets.US_ASCII);

    private final KeyPair rsa = Tokens.rsa(2048);
    private final KeyPair ec = Tokens.ec("secp256r1");
    private final KeyPair ed = Tokens.ed25519();
    private final KeyPair stranger = Tokens.ec("secp256r1");
    private final AuthRig rig = new AuthRig();

    private final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private final List<Logger> watched = Stream.of("dev.parley", "io.vertx.ext")
            .map(name -> (Logger) LoggerFactory.getLogger(name))
            .toList();

    @BeforeAll
    void start() {
        log.start();
        for (Logger logger : watched) {
            logger.setLevel(Level.TRACE);
            logger.addAppender(log);
        }
        rig.issuers.add(new Issuer(HS, AuthRig.ACME, new KeySource.SharedSecret(SECRET)));
        rig.issuers.add(new Issuer(FROZEN, AuthRig.FROZEN, new KeySource.SharedSecret(SECRET)));
        rig.issuers.add(new Issuer("https://globex.example", AuthRig.GLOBEX, new KeySource.SharedSecret(OTHER_SECRET)));
        rig.issuers.add(new Issuer(RS, AuthRig.ACME, pem(rsa)));
        rig.issuers.add(new Issuer(ES, AuthRig.ACME, pem(ec)));
        rig.issuers.add(new Issuer(ED, AuthRig.ACME, pem(ed)));
        rig.start();
    }

    @AfterAll
    void stop() {
        rig.close();
        for (Logger logger : watched) {
            logger.setLevel(null);
            logger.detachAppender(log);
        }
    }

    @ParameterizedTest
    @MethodSource
    void isRefusedWithoutEchoingAnything(Supplier<String> forged) {
        String token = forged.get();

        log.list.clear();

        Verification verification = rig.verify(token);

        assertThat(verification).isInstanceOf(Verification.Rejected.class);
        assertThat(log.list).as("log lines").isEmpty();
        Refusal refusal = ((Verification.Rejected) verification).refusal();
        assertThat(refusal.message()).isNotBlank().doesNotContainIgnoringCase("canary");
        assertThat(refusal.kind().httpStatus()).isIn(401, 403);
        Stream.of(token.split("\\.", -1))
                .filter(part -> part.length() >= 8)
                .forEach(part -> assertThat(refusal.toString()).doesNotContain(part));
    }

    Stream<Named<Supplier<String>>> isRefusedWithoutEchoingAnything() {
        return Stream.of(algorithms(), keys(), headers(), shapes(), times(), claims(), issuers())
                .flatMap(cases -> cases);
    }

    private Stream<Named<Supplier<String>>> algorithms() {
        Stream<Named<Supplier<String>>> none = Stream.of("none", "None", "NONE", "nOnE", " none", "none\u0000", "")
                .flatMap(name -> Stream.of(
                        Named.of("alg '" + name + "' with no signature", () -> unsigned(Tokens.header(name))),
                        Named.of("alg '" + name + "' with a signature", () -> hs(Tokens.header(name), good(HS)))));
        Stream<Named<Supplier<String>>> names = Stream.of("hs256", "HS384", "HS512", "PS256", "ES256K", "RS1")
                .map(name -> Named.of("alg '" + name + "'", () -> hs(Tokens.header(name), good(HS))));
        byte[] der = rsa.getPublic().getEncoded();
        byte[] pem = PublicKeys.toPem(rsa.getPublic()).getBytes(StandardCharsets.US_ASCII);
        return Stream.of(
                        none,
                        names,
                        Stream.of(
                                of("HS256 with the RSA key's DER", () -> hmac(RS, der)),
                                of("HS256 with the RSA key's PEM", () -> hmac(RS, pem)),
                                of(
                                        "HS256 with the RSA key's PEM, trimmed",
                                        () -> hmac(RS, Arrays.copyOf(pem, pem.length - 1))),
                                of(
                                        "HS256 with the EC key's DER",
                                        () -> hmac(ES, ec.getPublic().getEncoded())),
                                of("RS256 for an HS256 issuer", () -> rs(Tokens.header("RS256"), good(HS))),
                                of("ES256 for an RS256 issuer", () -> es(Tokens.header("ES256"), good(RS))),
                                of("no alg", () -> hs(new JsonObject().put("typ", "JWT"), good(HS))),
                                of("alg a number", () -> hs(new JsonObject().put("alg", 256), good(HS))),
                                of(
                                        "alg an array",
                                        () -> hs(new JsonObject().put("alg", new JsonArray().add("HS256")), good(HS)))))
                .flatMap(cases -> cases);
    }

    private Stream<Named<Supplier<String>>> keys() {
        return Stream.of(
                of("HS256 with another secret", () -> hmac(HS, OTHER_SECRET)),
                of("HS256 with a secret of one zero", () -> hmac(HS, new byte[1])),
                of(
                        "ES256 with another key",
                        () -> Tokens.sign(Tokens.header("ES256"), good(ES), Tokens.es256(stranger.getPrivate()))),
                of("ES256 with r and s zero", () -> Tokens.sign(Tokens.header("ES256"), good(ES), _ -> new byte[64])),
                of(
                        "ES256 with a DER signature",
                        () -> Tokens.sign(Tokens.header("ES256"), good(ES), Tokens.es256Der(ec.getPrivate()))),
                of(
                        "ES256 with one byte more",
                        () -> Tokens.sign(
                                Tokens.header("ES256"),
                                good(ES),
                                input -> Arrays.copyOf(
                                        Tokens.es256(ec.getPrivate()).sign(input), 65))),
                of(
                        "RS256 cut short",
                        () -> Tokens.sign(
                                Tokens.header("RS256"),
                                good(RS),
                                input -> Arrays.copyOf(
                                        Tokens.rs256(rsa.getPrivate()).sign(input), 255))),
                of("RS256 of zeros", () -> Tokens.sign(Tokens.header("RS256"), good(RS), _ -> new byte[256])),
                of("EdDSA of zeros", () -> Tokens.sign(Tokens.header("EdDSA"), good(ED), _ -> new byte[64])),
                of("signature of another token", () -> {
                    String one = hs(Tokens.header("HS256"), good(HS));
                    String two = hs(Tokens.header("HS256"), good(HS).put("sub", "canary-root"));
                    return two.substring(0, two.lastIndexOf('.')) + one.substring(one.lastIndexOf('.'));
                }));
    }

    private Stream<Named<Supplier<String>>> headers() {
        JsonObject jwk = Tokens.jwk("canary", stranger);
        return Stream.of(
                of("crit", () -> hs(Tokens.header("HS256").put("crit", new JsonArray().add("exp")), good(HS))),
                of("empty crit", () -> hs(Tokens.header("HS256").put("crit", new JsonArray()), good(HS))),
                of("b64 false", () -> hs(Tokens.header("HS256").put("b64", false), good(HS))),
                of(
                        "embedded jwk",
                        () -> Tokens.sign(
                                Tokens.header("ES256").put("jwk", jwk), good(ES), Tokens.es256(stranger.getPrivate()))),
                of(
                        "jku",
                        () -> Tokens.sign(
                                Tokens.header("ES256").put("jku", "https://canary.example/jwks"),
                                good(ES),
                                Tokens.es256(stranger.getPrivate()))),
                of(
                        "x5u",
                        () -> Tokens.sign(
                                Tokens.header("ES256").put("x5u", "https://canary.example/x"),
                                good(ES),
                                Tokens.es256(stranger.getPrivate()))),
                of(
                        "x5c",
                        () -> Tokens.sign(
                                Tokens.header("ES256").put("x5c", new JsonArray().add("Y2FuYXJ5")),
                                good(ES),
                                Tokens.es256(stranger.getPrivate()))),
                of(
                        "kid with a path, signed with nothing",
                        () -> Tokens.sign(
                                Tokens.header("HS256").put("kid", "../../canary/dev/null"),
                                good(HS),
                                Tokens.hmac(new byte[1]))),
                of(
                        "kid with SQL",
                        () -> Tokens.sign(
                                Tokens.header("HS256").put("kid", "' union select 'canary"),
                                good(HS),
                                Tokens.hmac("canary".getBytes(StandardCharsets.US_ASCII)))),
                of("kid a number", () -> hs(Tokens.header("HS256").put("kid", 7), good(HS))),
                of("kid of 257 characters", () -> hs(Tokens.header("HS256").put("kid", "k".repeat(257)), good(HS))),
                of("typ of another kind", () -> hs(Tokens.header("HS256").put("typ", "dpop+jwt"), good(HS))),
                of("typ an object", () -> hs(Tokens.header("HS256").put("typ", new JsonObject()), good(HS))),
                of(
                        "alg twice",
                        () -> Tokens.sign(
                                "{\"alg\":\"HS256\",\"alg\":\"none\"}", good(HS).encode(), Tokens.hmac(SECRET))));
    }

    private Stream<Named<Supplier<String>>> shapes() {
        String token = hs(Tokens.header("HS256"), good(HS));
        String[] parts = token.split("\\.");
        String header = Tokens.header("HS256").encode();
        return Stream.of(
                of("nothing", () -> ""),
                of("a word", () -> "canary"),
                of("an API key", () -> "sk-proj-canarycanarycanary"),
                of("dots", () -> "..."),
                of("two dots", () -> ".."),
                of("no signature", () -> parts[0] + "." + parts[1]),
                of("empty signature", () -> parts[0] + "." + parts[1] + "."),
                of("a fourth part", () -> token + ".Y2FuYXJ5"),
                of("cut in the payload", () -> token.substring(0, token.length() / 2)),
                of("cut in the signature", () -> token.substring(0, token.length() - 2)),
                of("padding", () -> token + "="),
                of(
                        "stray bits in the last character",
                        () -> token.substring(0, token.length() - 1) + other(token.charAt(token.length() - 1))),
                of("the alphabet of plain base64", () -> parts[0] + "." + parts[1] + ".+/" + parts[2].substring(2)),
                of("a blank in front", () -> " " + token),
                of("a line break behind", () -> token + "\n"),
                of("payload an array", () -> Tokens.sign(header, "[" + good(HS).encode() + "]", Tokens.hmac(SECRET))),
                of("payload a string", () -> Tokens.sign(header, "\"canary\"", Tokens.hmac(SECRET))),
                of("payload null", () -> Tokens.sign(header, "null", Tokens.hmac(SECRET))),
                of("payload not JSON", () -> Tokens.sign(header, "canary=1", Tokens.hmac(SECRET))),
                of("two payloads", () -> Tokens.sign(header, good(HS).encode() + "{}", Tokens.hmac(SECRET))),
                of(
                        "payload deeply nested",
                        () -> Tokens.sign(
                                header, "{\"a\":" + "[".repeat(500) + "]".repeat(500) + "}", Tokens.hmac(SECRET))),
                of("payload in UTF-16", () -> utf16(header)),
                of(
                        "claim twice",
                        () -> Tokens.sign(
                                header,
                                good(HS).encode().replace("\"sub\"", "\"sub\":\"canary\",\"sub\""),
                                Tokens.hmac(SECRET))),
                of("one byte over 8 KB", () -> overLong()));
    }

    private Stream<Named<Supplier<String>>> times() {
        long now = rig.ticker.now().getEpochSecond();
        return Stream.of(
                of("no exp", () -> hs(without("exp"))),
                of("expired", () -> hs(good(HS).put("iat", now - 7200).put("exp", now - 3600))),
                of(
                        "expired, just beyond the skew",
                        () -> hs(good(HS).put("iat", now - 7200).put("exp", now - 30))),
                of("exp a string", () -> hs(good(HS).put("exp", String.valueOf(now + 60)))),
                of("exp null", () -> hs(good(HS).putNull("exp"))),
                of("exp negative", () -> hs(good(HS).put("exp", -1))),
                of("exp beyond all clocks", () -> hs(good(HS).put("exp", Long.MAX_VALUE))),
                of("exp 1e300", () -> withExpiry("1e300")),
                of("exp with an exponent that would take minutes to write out", () -> withExpiry("1e-999999999")),
                of("exp beyond all exponents", () -> withExpiry("1e999999999")),
                of("nbf in the future", () -> hs(good(HS).put("nbf", now + 31))),
                of("nbf a string", () -> hs(good(HS).put("nbf", "canary"))),
                of("iat in the future", () -> hs(good(HS).put("iat", now + 31))),
                of("iat an object", () -> hs(good(HS).put("iat", new JsonObject()))),
                of("too long a life", () -> hs(good(HS).put("exp", now + 86_401))),
                of("too long a life, without iat", () -> hs(without("iat").put("exp", now + 86_401))),
                of("too long a life, issued long ago", () -> hs(good(HS).put("iat", now - 86_400))));
    }

    /** With the number as it is written. */
    private String withExpiry(String number) {
        String expiry = Long.toString(rig.ticker.now().getEpochSecond() + 3600);
        return Tokens.sign(
                Tokens.header("HS256").encode(), good(HS).encode().replace(expiry, number), Tokens.hmac(SECRET));
    }

    private Stream<Named<Supplier<String>>> claims() {
        return Stream.of(
                of("no aud", () -> hs(without("aud"))),
                of("aud of another service", () -> hs(good(HS).put("aud", "canary"))),
                of("aud in other case", () -> hs(good(HS).put("aud", "PARLEY"))),
                of("aud an array without us", () -> hs(good(HS).put("aud", new JsonArray().add("canary")))),
                of("aud an empty array", () -> hs(good(HS).put("aud", new JsonArray()))),
                of(
                        "aud an array with a number",
                        () -> hs(good(HS).put(
                                        "aud", new JsonArray().add("parley").add(1)))),
                of("aud an object", () -> hs(good(HS).put("aud", new JsonObject().put("parley", 1)))),
                of("no sub", () -> hs(without("sub"))),
                of("empty sub", () -> hs(good(HS).put("sub", ""))),
                of("sub a number", () -> hs(good(HS).put("sub", 7))),
                of("sub of 256 characters", () -> hs(good(HS).put("sub", "s".repeat(256)))),
                of("sub with a zero byte", () -> hs(good(HS).put("sub", "canary\u0000root"))),
                of(
                        "sub with half a surrogate pair",
                        () -> Tokens.sign(
                                Tokens.header("HS256").encode(),
                                good(HS).encode().replace("alice", "\\ud800canary"),
                                Tokens.hmac(SECRET))),
                of("jti a number", () -> hs(good(HS).put("jti", 7))),
                of("models a string", () -> hs(good(HS).put("models", "canary"))),
                of("models with a number", () -> hs(good(HS).put("models", new JsonArray().add(1)))),
                of("models null", () -> hs(good(HS).putNull("models"))),
                of("max_output_tokens a string", () -> hs(good(HS).put("max_output_tokens", "10"))),
                of("max_output_tokens zero", () -> hs(good(HS).put("max_output_tokens", 0))),
                of("max_output_tokens a fraction", () -> hs(good(HS).put("max_output_tokens", 1.5))),
                of("max_output_tokens beyond int", () -> hs(good(HS).put("max_output_tokens", 1L << 40))));
    }

    private Stream<Named<Supplier<String>>> issuers() {
        return Stream.of(
                of("no iss", () -> hs(without("iss"))),
                of("iss a number", () -> hs(good(HS).put("iss", 7))),
                of("iss an array", () -> hs(good(HS).put("iss", new JsonArray().add(HS)))),
                of("iss unknown", () -> hs(good("https://nobody.canary.example"))),
                of("iss with a slash more", () -> hs(good(HS + "/"))),
                of("iss of another tenant", () -> hs(good("https://globex.example"))),
                of("tenant suspended", () -> hs(good(FROZEN))),
                of("iss of the broker, own secret", () -> hs(good(Issuer.BROKER).put("tenant", "acme"))),
                of("iss of the broker, no tenant", () -> hs(good(Issuer.BROKER))));
    }

    private static Named<Supplier<String>> of(String name, Supplier<String> token) {
        return Named.of(name, token);
    }

    private JsonObject good(String issuer) {
        return rig.claims(issuer);
    }

    private JsonObject without(String claim) {
        JsonObject claims = good(HS);
        claims.remove(claim);
        return claims;
    }

    private static String hs(JsonObject claims) {
        return hs(Tokens.header("HS256"), claims);
    }

    private static String hs(JsonObject header, JsonObject claims) {
        return Tokens.sign(header, claims, Tokens.hmac(SECRET));
    }

    private String hmac(String issuer, byte[] secret) {
        return Tokens.sign(Tokens.header("HS256"), good(issuer), Tokens.hmac(secret));
    }

    private String rs(JsonObject header, JsonObject claims) {
        return Tokens.sign(header, claims, Tokens.rs256(rsa.getPrivate()));
    }

    private String es(JsonObject header, JsonObject claims) {
        Signer signer = Tokens.es256(ec.getPrivate());
        return Tokens.sign(header, claims, signer);
    }

    private String unsigned(JsonObject header) {
        return Tokens.encode(header.encode()) + "." + Tokens.encode(good(HS).encode()) + ".";
    }

    private String utf16(String header) {
        String input =
                Tokens.encode(header) + "." + Tokens.encode(good(HS).encode().getBytes(StandardCharsets.UTF_16BE));
        try {
            return input + "." + Tokens.encode(Tokens.hmac(SECRET).sign(input.getBytes(StandardCharsets.US_ASCII)));
        } catch (java.security.GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private String overLong() {
        String token = hs(good(HS).put("pad", ""));
        int pad = (UnverifiedToken.LENGTH_MAX + 1 - token.length()) * 3 / 4 + 3;
        return hs(good(HS).put("pad", "p".repeat(pad)));
    }

    /** The neighbour in the alphabet: differs in the lowest bits only, which the last character of 32 bytes does not use. */
    private static char other(char last) {
        String alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        return alphabet.charAt(alphabet.indexOf(last) ^ 1);
    }

    private static KeySource pem(KeyPair pair) {
        return new KeySource.PublicKeyPem(PublicKeys.toPem(pair.getPublic()));
    }
}
