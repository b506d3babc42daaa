package dev.parley.auth;

import dev.parley.concurrent.Blocking;
import dev.parley.domain.Refusal;
import io.vertx.core.Future;
import java.util.Optional;

/**
 * Client secrets beside JWTs. A secret's expiry ends its use for new sessions, not the sessions that it has started; the
 * tenant's suspension and the revocation of its tokens end those too. Thread-safe.
 */
public final class SecretVerifier implements TokenVerifier {
    /** Of callers by secret, in place of an issuer: no issuer has an empty name. */
    public static final String ISSUER = "";

    private final JwtVerifier tokens;
    private final ClientSecrets secrets;
    private final Blocking blocking;

    public SecretVerifier(JwtVerifier tokens, ClientSecrets secrets, Blocking blocking) {
        this.tokens = tokens;
        this.secrets = secrets;
        this.blocking = blocking;
    }

    @Override
    public Future<Verification> verify(String token) {
        if (!SecretToken.is(token)) {
            return tokens.verify(token);
        }
        if (!SecretToken.isWellFormed(token)) {
            return rejected(unknown());
        }
        byte[] hash = SecretToken.hash(token);
        return blocking.call(() -> secrets.find(hash))
                .compose(
                        found -> found.isEmpty() ? rejected(unknown()) : judged(found.get()),
                        away -> rejected(RejectedToken.unavailable("identity_unavailable", "secrets cannot be read")
                                .refusal()));
    }

    @Override
    public Future<Optional<Refusal>> recheck(Caller caller) {
        Binding binding = caller.binding();
        return binding == null ? tokens.recheck(caller) : tokens.standing(made(caller, binding.maker()));
    }

    private Future<Verification> judged(Caller caller) {
        return recheck(caller)
                .map(refusal -> refusal.<Verification>map(Verification.Rejected::new)
                        .orElseGet(() -> new Verification.Verified(caller)));
    }

    /** A secret stands as long as the token would that has asked for it, were it as old as the secret. */
    private static Caller made(Caller caller, Binding.Maker maker) {
        return new Caller(
                caller.tenant(),
                caller.subject(),
                maker.issuer(),
                maker.tokenId(),
                caller.issuedAt(),
                caller.expiresAt(),
                caller.models(),
                caller.outputTokensMax());
    }

    private static Refusal unknown() {
        return RejectedToken.invalid("there is no such client secret, or not any more")
                .refusal();
    }

    private static Future<Verification> rejected(Refusal refusal) {
        return Future.succeededFuture(new Verification.Rejected(refusal));
    }
}
