package dev.parley.auth;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.auth.JWTOptions;
import io.vertx.ext.auth.PubSecKeyOptions;
import io.vertx.ext.auth.User;
import io.vertx.ext.auth.authentication.TokenCredentials;
import io.vertx.ext.auth.jwt.JWTAuth;
import io.vertx.ext.auth.jwt.JWTAuthOptions;
import java.security.PublicKey;

/**
 * One key that tokens are checked with, for one algorithm. Vert.x Auth JWT is given this key alone and without an id, so that
 * nothing in a token's header can choose another. Thread-safe.
 */
final class SigningKey {
    private final Algorithm algorithm;
    private final JWTAuth auth;

    private SigningKey(Vertx vertx, Algorithm algorithm, Buffer key) {
        this.algorithm = algorithm;
        this.auth = JWTAuth.create(
                vertx,
                new JWTAuthOptions()
                        .addPubSecKey(new PubSecKeyOptions()
                                .setAlgorithm(algorithm.wireName())
                                .setBuffer(key))
                        // Claims are judged by ClaimRules, with the broker's clock.
                        .setJWTOptions(new JWTOptions().setIgnoreExpiration(true)));
    }

    static SigningKey ofSecret(Vertx vertx, byte[] secret) {
        return new SigningKey(vertx, Algorithm.HS256, Buffer.buffer(secret));
    }

    static SigningKey ofPublicKey(Vertx vertx, PublicKey key) {
        return new SigningKey(vertx, PublicKeys.algorithmOf(key), Buffer.buffer(PublicKeys.toPem(key)));
    }

    Algorithm algorithm() {
        return algorithm;
    }

    /** Whether the token is signed with this key. Takes microseconds to some hundred of them, see {@link JwtVerifier}. */
    boolean signed(UnverifiedToken token) {
        if (token.algorithm() != algorithm) {
            return false;
        }
        try {
            Future<User> user = auth.authenticate(new TokenCredentials(token.text()));
            return user.succeeded();
        } catch (RuntimeException _) {
            // The library throws for some payloads that it cannot read; none of them is a token.
            return false;
        }
    }
}
