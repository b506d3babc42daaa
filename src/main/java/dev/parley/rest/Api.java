package dev.parley.rest;

import dev.parley.domain.Refusal;
import io.vertx.core.Future;

/** What is answered over plain HTTP. On the event loop of the connection. */
public interface Api {
    /** Serves nothing. */
    Api NONE = new Api() {
        @Override
        public boolean serves(String path) {
            return false;
        }

        @Override
        public Future<Answer> answer(Call call) {
            return Future.succeededFuture(Answer.refused(
                    Refusal.of(Refusal.Kind.NOT_FOUND, "unknown_url", "Nothing is served under this URL.")));
        }
    };

    /** Whether something is answered under this path. */
    boolean serves(String path);

    /** Never fails for an expected reason. */
    Future<Answer> answer(Call call);
}
