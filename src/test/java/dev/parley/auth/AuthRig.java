package dev.parley.auth;

import dev.parley.auth.TokenVerifier.Verification;
import dev.parley.concurrent.Blocking;
import dev.parley.concurrent.Ticker;
import dev.parley.config.AuthConfig;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.Refusal;
import dev.parley.domain.TenantId;
import dev.parley.outbound.GuardedHttp;
import dev.parley.tenancy.BudgetPeriod;
import dev.parley.tenancy.Tenant;
import dev.parley.tenancy.TenantDirectory;
import dev.parley.tenancy.TenantStatus;
import dev.parley.tenancy.TestTenants;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** A verifier with fakes for its neighbours and a clock that the test turns. */
final class AuthRig implements AutoCloseable {
    static final String AUDIENCE = "parley";
    static final TenantId ACME = new TenantId("acme");
    static final TenantId GLOBEX = new TenantId("globex");
    static final TenantId FROZEN = new TenantId("frozen");

    final Vertx vertx = Vertx.vertx();
    final Blocking blocking = new Blocking(vertx, 2, 10_000, Duration.ofSeconds(5));
    final TurnableTicker ticker = new TurnableTicker();
    final FakeIssuers issuers = new FakeIssuers();
    final FakeTenants tenants = new FakeTenants();
    final AuthConfig config =
            new AuthConfig(AUDIENCE, Duration.ofHours(24), Duration.ofSeconds(30), null, true, Duration.ofSeconds(10));
    final IssuerBook book;
    final JwtVerifier verifier;

    AuthRig() {
        this(GuardedHttp.Resolver.SYSTEM, true, JwksFetcher.TIMEOUT);
    }

    AuthRig(GuardedHttp.Resolver resolver, boolean allowLoopback, Duration timeout) {
        JwksFetcher fetcher = new JwksFetcher(vertx, resolver, allowLoopback, timeout);
        book = new IssuerBook(vertx, blocking, issuers, fetcher, ticker);
        verifier = new JwtVerifier(blocking, config, book, tenants, ticker);
        tenants.put(tenant(ACME, TenantStatus.ACTIVE, Instant.EPOCH));
        tenants.put(tenant(GLOBEX, TenantStatus.ACTIVE, Instant.EPOCH));
        tenants.put(tenant(FROZEN, TenantStatus.SUSPENDED, Instant.EPOCH));
    }

    AuthRig start() {
        await(verifier.start());
        return this;
    }

    /** Lets time pass in which the issuers are read as usual. */
    void turn(Duration duration) {
        ticker.turn(duration);
        await(book.refresh());
    }

    Verification verify(String token) {
        return await(verifier.verify(token));
    }

    Optional<Refusal> recheck(Caller caller) {
        return await(verifier.recheck(caller));
    }

    /** Claims of a good token for an hour. */
    JsonObject claims(String issuer) {
        long now = ticker.now().getEpochSecond();
        return new JsonObject()
                .put("iss", issuer)
                .put("aud", AUDIENCE)
                .put("sub", "alice")
                .put("iat", now)
                .put("exp", now + 3600);
    }

    static Tenant tenant(TenantId id, TenantStatus status, Instant tokensValidFrom) {
        return TestTenants.of(
                id,
                id.value(),
                status,
                Set.of(),
                10,
                NanoUsd.ofUsd("10"),
                BudgetPeriod.DAY,
                4096,
                Duration.ofHours(1),
                false,
                tokensValidFrom);
    }

    static <T> T await(Future<T> future) {
        try {
            return future.toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError("no result", e);
        }
    }

    @Override
    public void close() {
        verifier.close();
        blocking.close();
        await(vertx.close());
    }

    static final class TurnableTicker implements Ticker {
        private volatile Duration turned = Duration.ZERO;
        private final Instant start = Instant.parse("2026-11-21T00:00:00Z");

        void turn(Duration duration) {
            turned = turned.plus(duration);
        }

        @Override
        public long nanos() {
            return turned.toNanos();
        }

        @Override
        public Instant now() {
            return start.plus(turned);
        }
    }

    static final class FakeTenants implements TenantDirectory {
        private final Map<TenantId, Tenant> tenants = new ConcurrentHashMap<>();

        void put(Tenant tenant) {
            tenants.put(tenant.id(), tenant);
        }

        @Override
        public Future<Optional<Tenant>> find(TenantId id) {
            return Future.succeededFuture(Optional.ofNullable(tenants.get(id)));
        }
    }

    /** Keeps changes in the order of their numbers, as the real one does. */
    static final class FakeIssuers implements IssuerDirectory {
        private final List<Issuer> issuers = new ArrayList<>();
        private final List<String> removed = new ArrayList<>();
        private final List<Revocation> revocations = new ArrayList<>();
        private byte[] secret = new byte[0];
        private long version;
        private volatile boolean away;

        void away(boolean now) {
            away = now;
        }

        @Override
        public synchronized Changes changesSince(long since) {
            if (away) {
                throw new IllegalStateException("the database is away");
            }
            return since == version
                    ? new Changes(version, List.of(), List.of(), List.of())
                    : new Changes(version, List.copyOf(issuers), List.copyOf(removed), List.copyOf(revocations));
        }

        @Override
        public synchronized byte[] brokerSecret(byte[] candidate) {
            if (secret.length == 0) {
                secret = candidate.clone();
            }
            return secret.clone();
        }

        @Override
        public synchronized void add(Issuer issuer) {
            issuers.add(issuer);
            version++;
        }

        @Override
        public synchronized boolean remove(TenantId tenant, String name) {
            version++;
            removed.add(name);
            return issuers.removeIf(issuer -> issuer.name().equals(name));
        }

        @Override
        public List<Listed> list(TenantId tenant) {
            return List.of();
        }

        @Override
        public synchronized void revoke(TenantId tenant, String tokenId, Instant expiresAt) {
            version++;
            revocations.add(new Revocation(tenant, tokenId, expiresAt));
        }
    }
}
