package dev.parley.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.auth.TokenVerifier.Verification;
import dev.parley.concurrent.Ticker;
import dev.parley.domain.ModelName;
import dev.parley.domain.Refusal;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import dev.parley.tenancy.TenantStatus;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class JwtVerifierTest {
    private static final String ISSUER = "https://idp.example";
    private static final byte[] SECRET = "0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    private final AuthRig rig = new AuthRig();

    @BeforeEach
    void start() {
        rig.issuers.add(new Issuer(ISSUER, AuthRig.ACME, new KeySource.SharedSecret(SECRET)));
        rig.start();
    }

    @AfterEach
    void stop() {
        rig.close();
    }

    @Test
    void acceptsHs256AndReadsTheClaims() {
        JsonObject claims = rig.claims(ISSUER)
                .put("jti", "t-1")
                .put("models", new JsonArray().add("gpt-realtime").add("gpt-realtime-mini"))
                .put("max_output_tokens", 500)
                .put("nbf", rig.ticker.now().getEpochSecond());

        Caller caller = verified(hs(claims));

        assertThat(caller)
                .isEqualTo(new Caller(
                        AuthRig.ACME,
                        new SubjectId("alice"),
                        ISSUER,
                        "t-1",
                        rig.ticker.now(),
                        rig.ticker.now().plusSeconds(3600),
                        Set.of(new ModelName("gpt-realtime"), new ModelName("gpt-realtime-mini")),
                        OptionalInt.of(500)));
    }

    @Test
    void acceptsRs256() {
        KeyPair pair = Tokens.rsa(2048);
        addKey("https://rs.example", pair);
        assertThat(verified(Tokens.sign(
                                Tokens.header("RS256").put("kid", "any"),
                                rig.claims("https://rs.example"),
                                Tokens.rs256(pair.getPrivate())))
                        .tenant())
                .isEqualTo(AuthRig.GLOBEX);
    }

    @Test
    void acceptsEs256() {
        KeyPair pair = Tokens.ec("secp256r1");
        addKey("https://es.example", pair);
        assertThat(verified(Tokens.sign(
                                Tokens.header("ES256"),
                                rig.claims("https://es.example"),
                                Tokens.es256(pair.getPrivate())))
                        .tenant())
                .isEqualTo(AuthRig.GLOBEX);
    }

    @Test
    void acceptsEdDsa() {
        KeyPair pair = Tokens.ed25519();
        addKey("https://ed.example", pair);
        assertThat(verified(Tokens.sign(
                                Tokens.header("EdDSA"),
                                rig.claims("https://ed.example"),
                                Tokens.edDsa(pair.getPrivate())))
                        .tenant())
                .isEqualTo(AuthRig.GLOBEX);
    }

    @Test
    void answersOnTheEventLoopThatAsked() {
        KeyPair pair = Tokens.ec("secp256r1");
        addKey("https://es.example", pair);
        String token =
                Tokens.sign(Tokens.header("ES256"), rig.claims("https://es.example"), Tokens.es256(pair.getPrivate()));

        Future<Boolean> sameThread = Future.future(promise -> rig.vertx.runOnContext(_ -> {
            long asked = Thread.currentThread().threadId();
            rig.verifier
                    .verify(token)
                    .onSuccess(outcome -> promise.complete(outcome instanceof Verification.Verified
                            && Thread.currentThread().threadId() == asked));
        }));

        assertThat(AuthRig.await(sameThread)).isTrue();
    }

    @Test
    void acceptsTypesAndAudiencesThatProvidersUse() {
        JsonObject audiences =
                rig.claims(ISSUER).put("aud", new JsonArray().add("other").add(AuthRig.AUDIENCE));
        verified(hs(audiences));
        for (String type : new String[] {"JWT", "jwt", "at+jwt", "application/at+jwt"}) {
            verified(Tokens.sign(Tokens.header("HS256").put("typ", type), rig.claims(ISSUER), Tokens.hmac(SECRET)));
        }
        verified(Tokens.sign(new JsonObject().put("alg", "HS256"), rig.claims(ISSUER), Tokens.hmac(SECRET)));
    }

    @Test
    void acceptsFractionsOfSecondsAndTheSkew() {
        long now = rig.ticker.now().getEpochSecond();
        verified(hs(rig.claims(ISSUER).put("iat", now + 29).put("nbf", now + 30).put("exp", now + 99.5)));
        verified(hs(rig.claims(ISSUER).put("iat", now - 600).put("exp", now - 29)));
    }

    @Test
    void aTokenWithoutIssueTimeCountsAsIssuedAsEarlyAsItCanBe() {
        JsonObject claims = rig.claims(ISSUER);
        claims.remove("iat");

        Caller caller = verified(hs(claims));

        assertThat(caller.issuedAt()).isEqualTo(caller.expiresAt().minus(rig.config.tokenLifetimeMax()));
    }

    @Test
    void anEmptyListOfModelsAllowsNone() {
        Caller caller = verified(hs(rig.claims(ISSUER).put("models", new JsonArray())));
        assertThat(caller.allows(new ModelName("gpt-realtime"))).isFalse();
    }

    @Test
    void saysWhichClaimIsWrong() {
        Refusal refusal = refused(hs(rig.claims(ISSUER).put("models", "gpt-realtime")));
        assertThat(refusal.param()).isEqualTo("models");
        assertThat(refusal.message()).contains("'models'").contains("array");
        assertThat(refusal.code()).isEqualTo("invalid_api_key");
    }

    @Test
    void refusesTokensOfAnIssuerThatWasRemoved() {
        String token = hs(rig.claims(ISSUER));
        verified(token);

        rig.issuers.remove(AuthRig.ACME, ISSUER);
        AuthRig.await(rig.book.refresh());

        assertThat(refused(token).param()).isEqualTo("iss");
    }

    @Test
    void recheckFindsExpiry() {
        Caller caller = verified(hs(rig.claims(ISSUER)));
        rig.ticker.turn(Duration.ofSeconds(3629));
        assertThat(rig.recheck(caller)).isEmpty();
        rig.ticker.turn(Duration.ofSeconds(1));
        assertThat(rig.recheck(caller)).map(Refusal::code).contains("token_expired");
    }

    @Test
    void recheckFindsARevokedTokenAndOnlyThatOne() {
        Caller revoked = verified(hs(rig.claims(ISSUER).put("jti", "t-1")));
        Caller other = verified(hs(rig.claims(ISSUER).put("jti", "t-2")));

        rig.issuers.revoke(AuthRig.ACME, "t-1", revoked.expiresAt());
        AuthRig.await(rig.book.refresh());

        assertThat(rig.recheck(revoked)).map(Refusal::code).contains("token_revoked");
        assertThat(rig.recheck(revoked).orElseThrow().kind().closeCode()).isEqualTo(4401);
        assertThat(rig.recheck(other)).isEmpty();
        assertThat(refused(hs(rig.claims(ISSUER).put("jti", "t-1"))).code()).isEqualTo("token_revoked");
    }

    @Test
    void aRevokedTokenStaysRevokedWithinTheClockSkew() {
        long now = rig.ticker.now().getEpochSecond();
        String token = hs(rig.claims(ISSUER).put("jti", "t-1").put("exp", now + 60));
        rig.issuers.revoke(AuthRig.ACME, "t-1", verified(token).expiresAt());

        rig.turn(Duration.ofSeconds(70));

        assertThat(refused(token).code()).isEqualTo("token_revoked");
    }

    @Test
    void aRevocationOfAnotherTenantDoesNotCount() {
        Caller caller = verified(hs(rig.claims(ISSUER).put("jti", "t-1")));
        rig.issuers.revoke(AuthRig.GLOBEX, "t-1", caller.expiresAt());
        AuthRig.await(rig.book.refresh());
        assertThat(rig.recheck(caller)).isEmpty();
    }

    @Test
    void recheckFindsTokensFromBeforeTheTenantsCutOff() {
        Caller caller = verified(hs(rig.claims(ISSUER)));
        Instant cutOff = rig.ticker.now().plusSeconds(1);
        rig.tenants.put(AuthRig.tenant(AuthRig.ACME, TenantStatus.ACTIVE, cutOff));
        assertThat(rig.recheck(caller)).map(Refusal::code).contains("token_revoked");
    }

    @Test
    void recheckFindsThatTheIssuerIsGone() {
        Caller caller = verified(hs(rig.claims(ISSUER)));
        assertThat(rig.recheck(caller)).isEmpty();

        rig.issuers.remove(AuthRig.ACME, ISSUER);
        AuthRig.await(rig.book.refresh());

        assertThat(rig.recheck(caller)).map(Refusal::code).contains("token_revoked");
        assertThat(rig.recheck(caller).orElseThrow().kind().closeCode()).isEqualTo(4401);
    }

    @Test
    void recheckFindsThatTheIssuerIsAnotherTenantsNow() {
        Caller caller = verified(hs(rig.claims(ISSUER)));

        rig.issuers.remove(AuthRig.ACME, ISSUER);
        rig.issuers.add(new Issuer(ISSUER, AuthRig.GLOBEX, new KeySource.SharedSecret(SECRET)));
        AuthRig.await(rig.book.refresh());

        assertThat(rig.recheck(caller)).map(Refusal::code).contains("token_revoked");
    }

    @Test
    void recheckFindsASuspendedTenant() {
        Caller caller = verified(hs(rig.claims(ISSUER)));
        rig.tenants.put(AuthRig.tenant(AuthRig.ACME, TenantStatus.SUSPENDED, Instant.EPOCH));
        assertThat(rig.recheck(caller)).map(Refusal::code).contains("tenant_suspended");
        assertThat(rig.recheck(caller).orElseThrow().kind().closeCode()).isEqualTo(4403);
    }

    @Test
    void liveCallersStayWhenTheDirectoryIsAwayButNewTokensAreRefused() {
        String token = hs(rig.claims(ISSUER));
        Caller caller = verified(token);
        rig.issuers.away(true);
        rig.ticker.turn(JwtVerifier.BOOK_AGE_MAX.plusSeconds(1));

        assertThat(rig.recheck(caller)).isEmpty();
        assertThat(refused(token).kind()).isEqualTo(Refusal.Kind.UPSTREAM_UNAVAILABLE);

        rig.issuers.away(false);
        AuthRig.await(rig.book.refresh());
        verified(token);
    }

    @Test
    void acceptsTheBrokersOwnTokens() {
        BrokerTokens tokens = new BrokerTokens(rig.vertx, rig.config, rig.issuers, rig.ticker);

        Caller caller = verified(tokens.mint(new BrokerTokens.Order(
                AuthRig.GLOBEX,
                new SubjectId("bob"),
                Duration.ofMinutes(5),
                Set.of(new ModelName("gpt-realtime")),
                OptionalInt.of(64),
                true)));

        assertThat(caller.tenant()).isEqualTo(AuthRig.GLOBEX);
        assertThat(caller.subject()).isEqualTo(new SubjectId("bob"));
        assertThat(caller.models()).containsExactly(new ModelName("gpt-realtime"));
        assertThat(caller.outputTokensMax()).hasValue(64);
        assertThat(caller.wholeTenant()).isTrue();
        assertThat(caller.tokenId()).hasSize(22);
        assertThat(caller.expiresAt()).isEqualTo(rig.ticker.now().plusSeconds(300));
    }

    @Test
    void refusesABrokerTokenForATenantThatDoesNotExist() {
        BrokerTokens tokens = new BrokerTokens(rig.vertx, rig.config, rig.issuers, rig.ticker);
        String token =
                tokens.mint(BrokerTokens.Order.of(new TenantId("nobody"), new SubjectId("bob"), Duration.ofMinutes(5)));
        assertThat(refused(token).message()).contains("tenant does not exist");
    }

    @Test
    void mintsNoTokenThatLivesTooLong() {
        BrokerTokens tokens = new BrokerTokens(rig.vertx, rig.config, rig.issuers, Ticker.SYSTEM);
        assertThatThrownBy(() ->
                        tokens.mint(BrokerTokens.Order.of(AuthRig.ACME, new SubjectId("bob"), Duration.ofDays(2))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("86400");
    }

    @Test
    void refusesWeakKeysAtTheDoor() {
        assertThatThrownBy(() -> new KeySource.SharedSecret(new byte[31])).hasMessageContaining("32");
        assertThatThrownBy(() -> pem(Tokens.rsa(1024))).hasMessageContaining("2048");
        assertThatThrownBy(() -> pem(Tokens.ec("secp384r1"))).hasMessageContaining("P-256");
        assertThatThrownBy(() ->
                        new KeySource.PublicKeyPem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"))
                .hasMessageContaining("PUBLIC KEY");
        assertThatThrownBy(() -> new Issuer("parley", AuthRig.ACME, new KeySource.SharedSecret(SECRET)))
                .hasMessageContaining("broker's own");
    }

    private Caller verified(String token) {
        Verification verification = rig.verify(token);
        assertThat(verification).isInstanceOf(Verification.Verified.class);
        return ((Verification.Verified) verification).caller();
    }

    private Refusal refused(String token) {
        Verification verification = rig.verify(token);
        assertThat(verification).isInstanceOf(Verification.Rejected.class);
        return ((Verification.Rejected) verification).refusal();
    }

    private void addKey(String issuer, KeyPair pair) {
        rig.issuers.add(new Issuer(issuer, AuthRig.GLOBEX, pem(pair)));
        AuthRig.await(rig.book.refresh());
    }

    private static KeySource pem(KeyPair pair) {
        return new KeySource.PublicKeyPem(PublicKeys.toPem(pair.getPublic()));
    }

    private static String hs(JsonObject claims) {
        return Tokens.sign(Tokens.header("HS256"), claims, Tokens.hmac(SECRET));
    }
}
