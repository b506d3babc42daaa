package dev.parley.rest;

import dev.parley.auth.Caller;
import dev.parley.auth.Callers.Identity;
import dev.parley.auth.SecretToken;
import dev.parley.config.Secret;
import dev.parley.domain.Refusal;
import dev.parley.domain.SessionId;
import dev.parley.quota.Admission.SessionDecision;
import dev.parley.quota.SessionRequest;
import dev.parley.tenancy.Tenant;
import io.vertx.core.Future;
import io.vertx.core.http.HttpServerRequest;
import java.util.Optional;

/** Who sends a file, and whether another one may be under way now. */
final class UploadEntry {
    private static final int CREDENTIAL_LENGTH_MAX = 8192;

    private UploadEntry() {}

    /** A place for the file, or why there is none. */
    sealed interface Outcome {
        record Admitted(UploadTerms terms) implements Outcome {}

        record Refused(Refusal refusal) implements Outcome {}
    }

    /** Fails when something is away. */
    static Future<Outcome> ask(AudioTranscriptions parts, HttpServerRequest request) {
        String line = String.valueOf(request.getHeader("Authorization"));
        boolean bearer = line.regionMatches(true, 0, "Bearer ", 0, 7) && line.length() <= CREDENTIAL_LENGTH_MAX;
        Secret credential = bearer ? new Secret(line.substring(7).trim()) : null;
        if (credential != null && SecretToken.is(credential.reveal())) {
            return refused(UploadRefusals.clientSecret());
        }
        return parts.callers().identify(credential, request.getHeader("Origin")).compose(identity -> switch (identity) {
            case Identity.Unknown(Refusal refusal) -> refused(refusal);
            case Identity.Known(Caller caller, Tenant tenant) -> admit(parts, caller, tenant);
        });
    }

    private static Future<Outcome> admit(AudioTranscriptions parts, Caller caller, Tenant tenant) {
        Optional<Refusal> closed = parts.closed().get();
        if (closed.isPresent()) {
            return refused(closed.get());
        }
        if (!parts.services().ledger().healthy()) {
            return refused(parts.services().ledger().full());
        }
        SessionId id = SessionId.random();
        return parts.admission()
                .openSession(new SessionRequest(id, tenant, caller.subject(), null))
                .map(decision -> switch (decision) {
                    case SessionDecision.Refused(Refusal refusal) -> new Outcome.Refused(refusal);
                    case SessionDecision.Admitted(var permit) ->
                        new Outcome.Admitted(new UploadTerms(parts, id, caller, tenant, permit));
                });
    }

    private static Future<Outcome> refused(Refusal refusal) {
        return Future.succeededFuture(new Outcome.Refused(refusal));
    }
}
