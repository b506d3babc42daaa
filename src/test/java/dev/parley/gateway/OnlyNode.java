package dev.parley.gateway;

import dev.parley.auth.Caller;
import dev.parley.config.Secret;
import dev.parley.gateway.SessionOpener.Opening;
import io.vertx.core.Future;
import java.util.Optional;

/** A cluster of one. */
final class OnlyNode implements Peers {
    @Override
    public Future<Opening> resume(ResumeRequest request, Caller caller) {
        return Future.succeededFuture(new Opening.Refused(RealtimeSessions.UNKNOWN_SESSION));
    }

    @Override
    public Optional<Caller> vouchedFor(Secret ticket, String session) {
        return Optional.empty();
    }
}
