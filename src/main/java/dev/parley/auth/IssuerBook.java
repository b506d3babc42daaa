package dev.parley.auth;

import dev.parley.auth.IssuerDirectory.Changes;
import dev.parley.auth.IssuerDirectory.Revocation;
import dev.parley.concurrent.Blocking;
import dev.parley.concurrent.Ticker;
import dev.parley.domain.TenantId;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Every issuer and every revocation in memory, kept up to date from the {@link IssuerDirectory} every {@link #REFRESH_EVERY}.
 * A check of a token therefore never asks the database, however many tokens of unknown issuers arrive. When the directory
 * cannot be read the book stays as it is, and tells its age. Thread-safe.
 */
final class IssuerBook implements AutoCloseable {
    static final Duration REFRESH_EVERY = Duration.ofSeconds(2);
    /** A token is good for a while after its expiry, and a client secret that it has made for two hours. */
    static final Duration REVOKED_KEPT = Duration.ofHours(3);

    private static final int BROKER_SECRET_BYTES = 32;
    private static final Logger LOGGER = LoggerFactory.getLogger(IssuerBook.class);

    private final Vertx vertx;
    private final Blocking blocking;
    private final IssuerDirectory directory;
    private final JwksFetcher fetcher;
    private final Ticker ticker;
    private final Map<String, IssuerKeys> issuers = new ConcurrentHashMap<>();
    private final Map<TokenName, Instant> revoked = new ConcurrentHashMap<>();
    private final AtomicBoolean refreshing = new AtomicBoolean();
    private volatile long version;
    private volatile long refreshedAtNanos;
    private long timer = -1;

    IssuerBook(Vertx vertx, Blocking blocking, IssuerDirectory directory, JwksFetcher fetcher, Ticker ticker) {
        this.vertx = vertx;
        this.blocking = blocking;
        this.directory = directory;
        this.fetcher = fetcher;
        this.ticker = ticker;
        this.refreshedAtNanos = ticker.nanos();
    }

    /** Reads everything once and keeps reading; fails if the first read fails. */
    Future<Void> start() {
        byte[] candidate = new byte[BROKER_SECRET_BYTES];
        new SecureRandom().nextBytes(candidate);
        return blocking.call(() -> directory.brokerSecret(candidate))
                .map(secret -> {
                    addBroker(secret);
                    return secret;
                })
                .onComplete(_ -> Arrays.fill(candidate, (byte) 0))
                .compose(_ -> refresh())
                .onSuccess(_ -> timer = vertx.setPeriodic(REFRESH_EVERY.toMillis(), _ -> refresh()))
                .mapEmpty();
    }

    @Nullable
    IssuerKeys find(String issuer) {
        return issuers.get(issuer);
    }

    /** Whether tokens of this issuer still speak for the tenant: it was not removed, nor given to another. */
    boolean holds(String issuer, TenantId tenant) {
        IssuerKeys keys = issuers.get(issuer);
        return keys != null && (keys.tenant() == null || keys.tenant().equals(tenant));
    }

    boolean isRevoked(TenantId tenant, String tokenId) {
        return revoked.containsKey(new TokenName(tenant, tokenId));
    }

    /** How long ago the directory was last read with success. */
    Duration age() {
        return Duration.ofNanos(ticker.nanos() - refreshedAtNanos);
    }

    /** Reads the changes now, unless somebody is doing so. */
    Future<Void> refresh() {
        if (!refreshing.compareAndSet(false, true)) {
            return Future.succeededFuture();
        }
        long startedAt = ticker.nanos();
        return blocking.call(() -> directory.changesSince(version))
                .map(changes -> {
                    apply(changes);
                    refreshedAtNanos = startedAt;
                    return (Void) null;
                })
                .onFailure(failure -> LOGGER.atWarn()
                        .addKeyValue("age_seconds", age().toSeconds())
                        .setCause(failure)
                        .log("issuers cannot be read; the known ones stay"))
                .onComplete(_ -> refreshing.set(false));
    }

    private void apply(Changes changes) {
        changes.removed().forEach(issuers::remove);
        changes.issuers().forEach(this::put);
        Instant now = ticker.now();
        revoked.values().removeIf(expiresAt -> expiresAt.plus(REVOKED_KEPT).isBefore(now));
        for (Revocation revocation : changes.revocations()) {
            revoked.put(new TokenName(revocation.tenant(), revocation.tokenId()), revocation.expiresAt());
        }
        version = changes.version();
    }

    private void put(Issuer issuer) {
        try {
            issuers.put(
                    issuer.name(), new IssuerKeys(issuer.tenant(), issuer.keys().algorithms(), keysOf(issuer.keys())));
        } catch (RuntimeException failure) {
            issuers.remove(issuer.name());
            LOGGER.atError()
                    .addKeyValue("tenant", issuer.tenant())
                    .addKeyValue("issuer", issuer.name())
                    .setCause(failure)
                    .log("issuer is unusable, its tokens are refused");
        }
    }

    private IssuerKeys.Keys keysOf(KeySource source) {
        return switch (source) {
            case KeySource.SharedSecret shared -> IssuerKeys.Keys.only(SigningKey.ofSecret(vertx, shared.secret()));
            case KeySource.PublicKeyPem pem ->
                IssuerKeys.Keys.only(SigningKey.ofPublicKey(vertx, PublicKeys.parsePem(pem.pem())));
            case KeySource.JwksUrl jwks -> keySet(jwks.url(), jwks.algorithms())::find;
        };
    }

    private JwksKeySet keySet(URI url, Set<Algorithm> algorithms) {
        return new JwksKeySet(vertx, fetcher, url, algorithms, ticker);
    }

    private void addBroker(byte[] secret) {
        issuers.put(
                Issuer.BROKER,
                new IssuerKeys(
                        null, Set.of(Algorithm.HS256), IssuerKeys.Keys.only(SigningKey.ofSecret(vertx, secret))));
    }

    @Override
    public void close() {
        vertx.cancelTimer(timer);
    }

    private record TokenName(TenantId tenant, String tokenId) {}
}
