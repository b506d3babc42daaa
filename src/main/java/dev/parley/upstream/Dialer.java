package dev.parley.upstream;

import dev.parley.domain.Refusal;
import dev.parley.relay.Leg;
import dev.parley.upstream.UpstreamConnector.Target;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Opens upstream sessions of one account, on the event loop of the caller. */
public interface Dialer {
    /** Opens one; has a deadline of its own, and never throws. */
    void dial(Target target, Call call);

    /** Lets go of what it holds; upstream sessions that are open end. */
    void close();

    /** Who is told what came of it: {@code opened}; or {@code failed} and then {@code gone}. On the event loop. */
    interface Call {
        /** The callee judges the leg within this call. */
        void opened(Opened opened);

        void failed(Failure failure);

        /** The socket of a call that failed is gone. */
        void gone();
    }

    /**
     * A fresh upstream session, with the provider's id if it gave one, and its {@code session.created}.
     *
     * @param created with models as they are called here
     * @param names what the account calls models
     */
    record Opened(Leg leg, @Nullable String id, Buffer created, ProviderNames names) {
        /** Of an account that calls models what they are called here. */
        public Opened(Leg leg, @Nullable String id, Buffer created) {
            this(leg, id, created, ProviderNames.SAME);
        }
    }

    /**
     * Why there is none.
     *
     * @param code for operators: an error code, a close code, a status
     * @param retryAfter what the provider asked for, if it did
     * @param refusal what a client is told
     */
    record Failure(Fault fault, String code, @Nullable Duration retryAfter, Refusal refusal) {}
}
