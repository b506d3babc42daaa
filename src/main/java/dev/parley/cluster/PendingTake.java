package dev.parley.cluster;

import dev.parley.cluster.PermitStore.Take;
import dev.parley.domain.SessionId;
import dev.parley.quota.SessionPermits.Answer;
import dev.parley.quota.SessionRequest;
import dev.parley.tenancy.LimitName;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.OptionalLong;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A session that waits for its permit. Answered once, on the context of its caller. Thread-safe. */
final class PendingTake {
    private static final Logger LOGGER = LoggerFactory.getLogger(PendingTake.class);

    private final SessionRequest request;
    private final Context context;
    private final Promise<Answer> promise = Promise.promise();
    private final AtomicBoolean answered = new AtomicBoolean();

    PendingTake(SessionRequest request, Context context) {
        this.request = request;
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
                subjectMax());
    }

    /** Sessions at once of the subject; null: no limit. */
    @Nullable
    Integer subjectMax() {
        OptionalLong most = request.tenant().limit(LimitName.SUBJECT_SESSIONS_MAX);
        return most.isPresent() ? (int) Math.min(Integer.MAX_VALUE, most.getAsLong()) : null;
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
