package dev.parley.auth;

import dev.parley.concurrent.Blocking;
import dev.parley.concurrent.Ticker;
import dev.parley.config.AuthConfig;
import dev.parley.domain.Refusal;
import dev.parley.domain.TenantId;
import dev.parley.tenancy.Tenant;
import dev.parley.tenancy.TenantDirectory;
import dev.parley.tenancy.TenantStatus;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Checks JWTs after RFC 8725. The token's form and claims are judged here, before and beside Vert.x Auth JWT, which checks the
 * signature; the unverified {@code iss} only chooses the issuer whose pinned algorithms and own keys must then hold. No part
 * of a token gets into a refusal or a log.
 *
 * <p>An HS256 signature is checked where the call is made (about 10 µs); the asymmetric ones take some hundred microseconds
 * of computing, so an event loop hands them over to {@link Blocking}. Give this class a {@link Blocking} of its own: a flood
 * of forged tokens then waits for nobody but itself. Thread-safe.
 */
public final class JwtVerifier implements TokenVerifier, AutoCloseable {
    /** When issuers and revocations could not be read for so long, no new token is accepted. */
    static final Duration BOOK_AGE_MAX = Duration.ofSeconds(30);

    private final Blocking blocking;
    private final TenantDirectory tenants;
    private final IssuerBook book;
    private final ClaimRules rules;
    private final Ticker ticker;

    public JwtVerifier(
            Vertx vertx,
            Blocking blocking,
            AuthConfig config,
            IssuerDirectory issuers,
            TenantDirectory tenants,
            Ticker ticker) {
        this(
                blocking,
                config,
                new IssuerBook(vertx, blocking, issuers, new JwksFetcher(vertx, config.jwksAllowLoopback()), ticker),
                tenants,
                ticker);
    }

    JwtVerifier(Blocking blocking, AuthConfig config, IssuerBook book, TenantDirectory tenants, Ticker ticker) {
        this.blocking = blocking;
        this.tenants = tenants;
        this.book = book;
        this.rules = new ClaimRules(config);
        this.ticker = ticker;
    }

    /** Reads issuers and revocations; no token is accepted before. */
    public Future<Void> start() {
        return book.start();
    }

    @Override
    public Future<Verification> verify(String token) {
        return candidate(token)
                .compose(this::checkSignature)
                .compose(caller -> against(caller).map(refusal -> outcome(caller, refusal)))
                .recover(JwtVerifier::rejected);
    }

    @Override
    public Future<Optional<Refusal>> recheck(Caller caller) {
        if (rules.isExpired(caller.expiresAt(), ticker.now())) {
            return Future.succeededFuture(Optional.of(RejectedToken.expired().refusal()));
        }
        return standing(caller);
    }

    /** What is known against a caller, however long ago its token has expired. */
    Future<Optional<Refusal>> standing(Caller caller) {
        return against(caller).map(Optional::ofNullable);
    }

    @Override
    public void close() {
        book.close();
    }

    /** Everything that can be judged without a signature, which is cheap, so that most junk ends here. */
    private Future<Candidate> candidate(String text) {
        try {
            if (book.age().compareTo(BOOK_AGE_MAX) > 0) {
                throw RejectedToken.unavailable("identity_unavailable", "the issuers cannot be read");
            }
            UnverifiedToken token = UnverifiedToken.parse(text);
            IssuerKeys issuer = book.find(token.issuer());
            if (issuer == null) {
                throw RejectedToken.claim("iss", "names no issuer that is known here");
            }
            if (!issuer.algorithms().contains(token.algorithm())) {
                throw RejectedToken.invalid("its issuer does not use this algorithm");
            }
            TenantId tenant = issuer.tenant() == null ? ClaimRules.tenantOf(token.claims()) : issuer.tenant();
            Instant now = ticker.now();
            return Future.succeededFuture(
                    new Candidate(token, issuer, rules.callerOf(token.claims(), tenant, token.issuer(), now)));
        } catch (RejectedToken rejected) {
            return Future.failedFuture(rejected);
        }
    }

    private Future<Caller> checkSignature(Candidate candidate) {
        return candidate
                .issuer()
                .keys()
                .find(candidate.token())
                .compose(key -> signed(key, candidate.token()))
                .compose(signed -> signed
                        ? Future.succeededFuture(candidate.caller())
                        : Future.failedFuture(RejectedToken.invalid("its signature is wrong")));
    }

    private Future<Boolean> signed(SigningKey key, UnverifiedToken token) {
        if (token.algorithm() == Algorithm.HS256 || !Context.isOnEventLoopThread()) {
            return Future.succeededFuture(key.signed(token));
        }
        return blocking.call(() -> key.signed(token))
                .recover(failure -> failure instanceof Blocking.OverloadedException
                        ? Future.failedFuture(RejectedToken.overloaded())
                        : Future.failedFuture(failure));
    }

    /** What the broker knows against a caller whose token is good: null if nothing. */
    private Future<@Nullable Refusal> against(Caller caller) {
        if (caller.tokenId() != null && book.isRevoked(caller.tenant(), caller.tokenId())) {
            return Future.succeededFuture(RejectedToken.revoked().refusal());
        }
        if (!book.holds(caller.issuer(), caller.tenant())) {
            return Future.succeededFuture(RejectedToken.revoked().refusal());
        }
        return tenants.find(caller.tenant()).map(tenant -> against(caller, tenant.orElse(null)));
    }

    private static @Nullable Refusal against(Caller caller, @Nullable Tenant tenant) {
        if (tenant == null) {
            return RejectedToken.invalid("its tenant does not exist").refusal();
        }
        if (tenant.status() == TenantStatus.SUSPENDED) {
            return RejectedToken.suspended().refusal();
        }
        return caller.issuedAt().isBefore(tenant.tokensValidFrom())
                ? RejectedToken.revoked().refusal()
                : null;
    }

    private static Verification outcome(Caller caller, @Nullable Refusal refusal) {
        return refusal == null ? new Verification.Verified(caller) : new Verification.Rejected(refusal);
    }

    private static Future<Verification> rejected(Throwable failure) {
        return failure instanceof RejectedToken rejected
                ? Future.succeededFuture(new Verification.Rejected(rejected.refusal()))
                : Future.failedFuture(failure);
    }

    private record Candidate(UnverifiedToken token, IssuerKeys issuer, Caller caller) {}
}
