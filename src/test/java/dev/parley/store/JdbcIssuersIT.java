package dev.parley.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.auth.Issuer;
import dev.parley.auth.IssuerDirectory.Changes;
import dev.parley.auth.IssuerDirectory.IssuerTakenException;
import dev.parley.auth.IssuerDirectory.Listed;
import dev.parley.auth.IssuerDirectory.Revocation;
import dev.parley.auth.KeySource;
import dev.parley.auth.MasterKey;
import dev.parley.auth.SecretBox;
import dev.parley.config.AuthConfig;
import dev.parley.domain.TenantId;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JdbcIssuersIT {
    private static final TestDatabase DB = TestDatabase.create();
    private static final TenantId ACME = new TenantId("acme");
    private static final TenantId GLOBEX = new TenantId("globex");
    private static final byte[] SECRET = "canary-secret-0123456789abcdef0123".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] OTHER_SECRET = "canary-secret-fedcba9876543210fedc".getBytes(StandardCharsets.US_ASCII);

    @TempDir
    static Path dataDir;

    private JdbcIssuers issuers = new JdbcIssuers(DB.database(), boxIn(dataDir));

    @AfterAll
    static void closeDatabase() {
        DB.close();
    }

    @BeforeEach
    void emptyTables() {
        DB.execute("delete from token_issuer; delete from revoked_token; delete from broker_key; delete from tenant;"
                + " update identity_version set version = 0");
        for (TenantId tenant : List.of(ACME, GLOBEX)) {
            DB.execute("insert into tenant (id, name) values ('" + tenant + "', 'x')");
        }
    }

    @Test
    void givesBackWhatWasAdded() throws Exception {
        String pem = pem();
        URI url = URI.create("https://idp.example/jwks");
        issuers.add(new Issuer("hs", ACME, new KeySource.SharedSecret(SECRET)));
        issuers.add(new Issuer("key", ACME, new KeySource.PublicKeyPem(pem)));
        issuers.add(new Issuer("jwks", GLOBEX, KeySource.JwksUrl.of(url)));

        Changes changes = issuers.changesSince(0);

        assertThat(changes.version()).isEqualTo(3);
        assertThat(changes.removed()).isEmpty();
        assertThat(changes.issuers()).extracting(Issuer::name).containsExactly("hs", "key", "jwks");
        assertThat(changes.issuers()).extracting(Issuer::tenant).containsExactly(ACME, ACME, GLOBEX);
        assertThat(changes.issuers().get(0).keys())
                .isInstanceOfSatisfying(
                        KeySource.SharedSecret.class,
                        shared -> assertThat(shared.secret()).isEqualTo(SECRET));
        assertThat(changes.issuers().get(1).keys()).isEqualTo(new KeySource.PublicKeyPem(pem));
        assertThat(changes.issuers().get(2).keys()).isEqualTo(KeySource.JwksUrl.of(url));
        assertThat(issuers.list(ACME)).extracting(Listed::name).containsExactly("hs", "key");
        assertThat(issuers.list(ACME)).extracting(Listed::source).containsExactly("hs256", "key");
        assertThat(issuers.list(ACME).getFirst().detail()).isEmpty();
    }

    @Test
    void tellsOnlyWhatIsNew() {
        issuers.add(new Issuer("one", ACME, new KeySource.SharedSecret(SECRET)));
        long seen = issuers.changesSince(0).version();
        issuers.add(new Issuer("two", ACME, new KeySource.SharedSecret(SECRET)));
        assertThat(issuers.remove(ACME, "one")).isTrue();

        Changes changes = issuers.changesSince(seen);

        assertThat(changes.issuers()).extracting(Issuer::name).containsExactly("two");
        assertThat(changes.removed()).containsExactly("one");
        assertThat(issuers.changesSince(changes.version()))
                .isEqualTo(new Changes(changes.version(), List.of(), List.of(), List.of()));
    }

    @Test
    void oneNameBelongsToOneTenant() {
        issuers.add(new Issuer("idp", ACME, new KeySource.SharedSecret(SECRET)));
        assertThatThrownBy(() -> issuers.add(new Issuer("idp", GLOBEX, new KeySource.SharedSecret(OTHER_SECRET))))
                .isInstanceOf(IssuerTakenException.class);
        assertThat(issuers.remove(GLOBEX, "idp")).as("removed by a stranger").isFalse();
        assertThat(issuers.changesSince(0).issuers()).extracting(Issuer::tenant).containsExactly(ACME);
    }

    @Test
    void aRemovedIssuerLeavesNoSecretAndCanBeAddedAgain() {
        issuers.add(new Issuer("idp", ACME, new KeySource.SharedSecret(SECRET)));
        issuers.remove(ACME, "idp");
        assertThat(DB.query("select secret is null from token_issuer")).isEqualTo("t");

        issuers.add(new Issuer("idp", GLOBEX, new KeySource.SharedSecret(OTHER_SECRET)));

        assertThat(issuers.changesSince(0).issuers()).extracting(Issuer::tenant).containsExactly(GLOBEX);
        assertThat(DB.query("select secret_version from token_issuer")).isEqualTo("2");
    }

    @Test
    void secretsAreUnreadableInTheDatabase() {
        issuers.add(new Issuer("idp", ACME, new KeySource.SharedSecret(SECRET)));
        issuers.brokerSecret(OTHER_SECRET);
        String dump = DB.query("select string_agg(encode(secret, 'escape'), ' ') from"
                + " (select secret from token_issuer union all select secret from broker_key) as secrets");
        assertThat(dump).hasSizeGreaterThan(100).doesNotContain("canary");
    }

    @Test
    void swappedRowsAreRefusedAndOthersGoOn() {
        issuers.add(new Issuer("one", ACME, new KeySource.SharedSecret(SECRET)));
        issuers.add(new Issuer("two", GLOBEX, new KeySource.SharedSecret(OTHER_SECRET)));
        issuers.add(new Issuer("three", GLOBEX, new KeySource.SharedSecret(OTHER_SECRET)));
        DB.execute("update token_issuer as mine set secret = other.secret from token_issuer as other"
                + " where (mine.name, other.name) in (('one', 'two'), ('two', 'one'))");

        Changes changes = issuers.changesSince(0);

        assertThat(changes.issuers()).extracting(Issuer::name).containsExactly("three");
        assertThat(changes.removed()).containsExactlyInAnyOrder("one", "two");
    }

    @Test
    void anIssuerHandedToAnotherTenantInTheTableIsRefused() {
        issuers.add(new Issuer("one", ACME, new KeySource.SharedSecret(SECRET)));
        DB.execute("update token_issuer set tenant_id = 'globex'");
        assertThat(issuers.changesSince(0).issuers()).isEmpty();
    }

    @Test
    void allProcessesAgreeOnTheBrokersKey() throws Exception {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<String>> calls = IntStream.range(0, 8)
                    .<Callable<String>>mapToObj(i -> () -> {
                        byte[] candidate = new byte[32];
                        candidate[0] = (byte) i;
                        JdbcIssuers process = new JdbcIssuers(DB.database(), boxIn(dataDir));
                        return Base64.getEncoder().encodeToString(process.brokerSecret(candidate));
                    })
                    .toList();
            Set<String> secrets = new HashSet<>();
            for (Future<String> secret : threads.invokeAll(calls)) {
                secrets.add(secret.get());
            }
            assertThat(secrets).hasSize(1);
        }
    }

    @Test
    void anotherMasterKeyOpensNothingAndSaysSo(@TempDir Path otherDir) {
        issuers.brokerSecret(SECRET);
        JdbcIssuers stranger = new JdbcIssuers(DB.database(), boxIn(otherDir));
        assertThatThrownBy(() -> stranger.brokerSecret(OTHER_SECRET)).hasMessageContaining("master key");
    }

    @Test
    void remembersRevocationsUntilTheyHaveServed() {
        Instant soon = Instant.now().plusSeconds(60).truncatedTo(ChronoUnit.MILLIS);
        issuers.revoke(ACME, "t-1", soon);
        issuers.revoke(ACME, "t-1", soon.minusSeconds(30));
        issuers.revoke(GLOBEX, "t-old", Instant.now().minus(Duration.ofDays(2)));
        assertThat(issuers.changesSince(0).revocations()).containsExactly(new Revocation(ACME, "t-1", soon));
        assertThat(DB.query("select count(*) from revoked_token")).isEqualTo("1");
    }

    @Test
    void aReaderMissesNoChangeOfConcurrentWriters() throws Exception {
        int writers = 4;
        int each = 25;
        Set<String> seen = new HashSet<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> writing = IntStream.range(0, writers)
                    .<Future<?>>mapToObj(writer -> threads.submit(() -> {
                        for (int i = 0; i < each; i++) {
                            issuers.add(new Issuer(writer + "-" + i, ACME, new KeySource.SharedSecret(SECRET)));
                        }
                    }))
                    .toList();
            long version = 0;
            while (!writing.stream().allMatch(Future::isDone)) {
                version = read(version, seen);
            }
            read(version, seen);
            for (Future<?> writer : writing) {
                writer.get();
            }
        }
        assertThat(seen).hasSize(writers * each);
    }

    private long read(long version, Set<String> seen) {
        Changes changes = issuers.changesSince(version);
        changes.issuers().forEach(issuer -> seen.add(issuer.name()));
        return changes.version();
    }

    private static SecretBox boxIn(Path folder) {
        return MasterKey.open(
                new AuthConfig("parley", Duration.ofHours(1), Duration.ZERO, null, false, Duration.ofSeconds(10)),
                folder);
    }

    private static String pem() throws Exception {
        byte[] key = KeyPairGenerator.getInstance("Ed25519")
                .generateKeyPair()
                .getPublic()
                .getEncoded();
        return "-----BEGIN PUBLIC KEY-----\n" + Base64.getMimeEncoder().encodeToString(key)
                + "\n-----END PUBLIC KEY-----\n";
    }
}
