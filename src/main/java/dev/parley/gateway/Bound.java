package dev.parley.gateway;

import dev.parley.auth.Binding;
import dev.parley.auth.Caller;
import dev.parley.domain.ModelKind;
import dev.parley.domain.ModelName;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.session.ModelPolicy;
import org.jspecify.annotations.Nullable;

/** Holds what a client asks for against what its client secret says. Pure. */
final class Bound {
    private Bound() {}

    /** What is asked for, or why it cannot be had. */
    sealed interface Outcome {
        /** @param model what the client's name for it stands for */
        record Asked(Handshake handshake, @Nullable ModelName model) implements Outcome {}

        record Refused(Refusal refusal) implements Outcome {}
    }

    static Outcome of(Handshake handshake, Caller caller, ModelPolicy models) {
        ModelName asked = handshake.model();
        ModelName model = asked == null ? null : models.resolve(asked);
        Binding binding = caller.binding();
        if (binding == null) {
            return new Outcome.Asked(handshake, model);
        }
        ModelName bound = binding.model();
        boolean unsaid =
                asked == null && handshake.kind() == ModelKind.CONVERSATION; // the URL says neither kind nor model
        if (handshake.kind() != binding.kind() && !(unsaid && binding.kind() == ModelKind.TRANSCRIPTION)) {
            return refused("This client secret is for a " + binding.kind().label() + " session: connect with "
                    + switch (binding.kind()) {
                        case CONVERSATION -> "/v1/realtime?model=" + bound + '.';
                        case TRANSCRIPTION -> "/v1/realtime?intent=transcription.";
                        case TRANSLATION -> "/v1/realtime/translations?model=" + bound + '.';
                    });
        }
        if (unsaid || (asked == null && handshake.kind() == ModelKind.TRANSLATION)) {
            return new Outcome.Asked(
                    new Handshake(binding.kind(), bound, handshake.beta(), handshake.credential(), handshake.origin()),
                    bound);
        }
        return bound == null || bound.equals(model)
                ? new Outcome.Asked(handshake, model)
                : refused("This client secret is for the model '" + bound + "', and for no other.");
    }

    private static Outcome refused(String message) {
        return new Outcome.Refused(
                Refusal.of(Kind.FORBIDDEN, "client_secret_mismatch", message).param("model"));
    }
}
