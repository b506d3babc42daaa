package dev.parley.cluster;

import dev.parley.cluster.PermitStore.Take;
import dev.parley.domain.SessionId;
import dev.parley.quota.SessionPermits.Answer;
import dev.parley.quota.SessionRequest;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A session that waits for its permit. Answered once, on the context of its caller. Thread-safe. */
final class PendingTake {
    private static final Logger LOGGER = LoggerFactory.getLogger(PendingTake.class);

    private final SessionRequest request;
    private final @Nullable Integer subjectMax;
    private final Context context;
    private final Promise<Answer> promise = Promise.promise();
    private final AtomicBoolean answered = new AtomicBoolean();

    /** @param subjectMax sessions at once of the subject; null for no limit */
    PendingTake(SessionRequest request, @Nullable Integer subjectMax, Context context) {
        this.request = request;
        this.subjectMax = subjectMax;
        this.context = context;
    }

    Future<Answer> future() {
        return promise.future();
    }

    SessionRequest request() {
        return request;
    }

    SessionId session() {
        return request.session();
    }

    Take take() {
        return new Take(
                request.session(),
                request.tenant().id(),
                request.subject(),
                request.model(),
                request.tenant().sessionsMax(),
                subjectMax);
    }

    int subjectMax() {
        return subjectMax == null ? Integer.MAX_VALUE : subjectMax;
    }

    boolean answered() {
        return answered.get();
    }

    /** False if it had been answered before. */
    boolean answer(Answer answer) {
        if (!answered.compareAndSet(false, true)) {
            return false;
        }
        try {
            context.runOnContext(_ -> promise.complete(answer));
        } catch (RejectedExecutionException e) {
            LOGGER.atDebug().log("an event loop was gone before its sessions were counted");
        }
        return true;
    }
}
