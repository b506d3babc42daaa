package dev.parley.upstream;

import dev.parley.config.AccountConfig;
import dev.parley.domain.ModelKind;
import dev.parley.domain.ModelName;
import dev.parley.domain.Refusal;
import dev.parley.domain.TenantId;
import dev.parley.relay.Leg;
import dev.parley.relay.LegEnd;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Hands out upstream sessions: connected, {@code session.created} received and held back, never used by anyone. Used on an
 * event loop; the leg lives on that loop.
 */
public interface UpstreamConnector {
    /** Never fails: a session that cannot be had is a {@link Outcome.Unavailable}. Has a deadline of its own. */
    Future<Outcome> acquire(TenantId tenant, Target target);

    /** Which kind of upstream session. {@code model} is null for a transcription session. */
    record Target(ModelKind kind, @Nullable ModelName model) {
        /** A conversation on the model; for null a transcription session. */
        public Target(@Nullable ModelName model) {
            this(model == null ? ModelKind.TRANSCRIPTION : ModelKind.CONVERSATION, model);
        }

        /** The model's name, or the word for transcription sessions: for settings, logs and labels. */
        public String label() {
            return model == null ? AccountConfig.TRANSCRIPTION : model.value();
        }
    }

    /** What came of it. */
    sealed interface Outcome {
        /**
         * An upstream session of one's own. Its leg reads already: the caller judges it within the call that hands it over.
         */
        record Connected(UpstreamSession session) implements Outcome {}

        /**
         * None can be had.
         *
         * @param upstreamCode the provider's error code or close code, for operators
         */
        record Unavailable(Refusal refusal, String upstreamCode) implements Outcome {}
    }

    /**
     * A fresh upstream session.
     *
     * @param account the upstream account's name
     * @param id the provider's {@code sess_…}, if it gave one
     * @param created the provider's {@code session.created}
     * @param early further events that the provider sent by itself, in order, fit for the client
     * @param names what the account calls models; {@code created} is translated
     */
    record UpstreamSession(
            Leg leg,
            String account,
            @Nullable String id,
            Buffer created,
            List<Buffer> early,
            ProviderNames names,
            Lease lease) {
        public UpstreamSession {
            early = List.copyOf(early);
        }

        /** Of an account that calls models what they are called here. */
        public UpstreamSession(
                Leg leg, String account, @Nullable String id, Buffer created, List<Buffer> early, Lease lease) {
            this(leg, account, id, created, early, ProviderNames.SAME, lease);
        }
    }

    /** What the holder of an upstream session owes to whom it came from. On the leg's event loop. */
    interface Lease {
        /** The leg has ended; its place is free again. Once, from {@link dev.parley.relay.Gate#onEnd}. */
        void ended(LegEnd end);

        /** The provider reported an error with this code, in an event; it may concern the whole account. */
        void reported(String code);
    }
}
