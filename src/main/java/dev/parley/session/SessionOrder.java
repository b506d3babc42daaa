package dev.parley.session;

import dev.parley.auth.Binding;
import dev.parley.auth.Caller;
import dev.parley.dialect.Dialect;
import dev.parley.domain.ModelKind;
import dev.parley.domain.ModelName;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.domain.SessionId;
import dev.parley.protocol.ClientEvents;
import dev.parley.quota.SessionPermit;
import dev.parley.tenancy.Tenant;
import dev.parley.upstream.UpstreamConnector.Target;
import io.vertx.core.buffer.Buffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An admitted session before it has begun.
 *
 * @param terms shared with {@code models}
 * @param model null only for a transcription session whose URL names none
 * @param asked what the client calls the model, which may be an alias
 * @param dialect how the client speaks
 * @param permit released by the session when it has ended
 */
public record SessionOrder(
        SessionId id,
        TenantTerms terms,
        Caller caller,
        ModelKind kind,
        @Nullable ModelName model,
        @Nullable ModelName asked,
        Dialect dialect,
        ModelPolicy models,
        SessionPermit permit) {
    /** What is wrong with settings of a client secret is told under this id. */
    public static final String BOUND_EVENT_ID = "client_secret";

    /** The tenant's settings now. */
    public Tenant tenant() {
        return terms.now();
    }

    /** The event by which the settings of a client secret take effect; empty if there is no such thing. */
    public Optional<Buffer> boundUpdate() {
        return Optional.ofNullable(caller.binding())
                .map(binding -> ClientEvents.sessionUpdate(BOUND_EVENT_ID, binding.session()));
    }

    /**
     * Why the session ends if the settings of its client secret cannot be had; empty if it may go on without them, because
     * none of them is fixed.
     */
    public Optional<Refusal> unbound() {
        Binding binding = caller.binding();
        return binding == null || binding.fixed().isEmpty()
                ? Optional.empty()
                : Optional.of(Refusal.of(
                        Kind.FORBIDDEN,
                        "client_secret_settings_refused",
                        "The settings that this client secret has fixed cannot be had. Get a new one."));
    }

    /** Which upstream session it needs: of a transcription session the model is not named upstream. */
    Target target() {
        return new Target(kind, kind == ModelKind.TRANSCRIPTION ? null : model);
    }

    /** Whether the session is this caller's: of the same tenant and subject, with a token that allows its model. */
    public boolean isFor(Caller other) {
        return caller.tenant().equals(other.tenant())
                && caller.subject().equals(other.subject())
                && (model == null || models.allowedBy(other, model))
                && startsWith(other.binding());
    }

    /** A client secret goes on with what it could have started, and with nothing that is fixed less. */
    private boolean startsWith(@Nullable Binding theirs) {
        if (theirs == null) {
            return true;
        }
        Binding mine = caller.binding();
        return theirs.kind() == kind
                && (theirs.model() == null || theirs.model().equals(model))
                && (theirs.fixed().isEmpty()
                        || (mine != null
                                && mine.fixed().equals(theirs.fixed())
                                && mine.session().equals(theirs.session())));
    }
}
