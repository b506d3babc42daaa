package dev.parley.administration;

import dev.parley.concurrent.Ticker;
import io.vertx.core.json.JsonObject;
import java.time.Duration;

/**
 * Notes in the audit log who was turned away before a password was looked at. That costs an attacker nothing, so there is one
 * entry in {@link #EVERY} of each address, or of each name that an address tries, and no attack fills the log. Blocks.
 * Thread-safe.
 */
final class Refusals {
    static final Duration EVERY = Duration.ofMinutes(1);
    private static final String REFUSED = "sign_in.refused";

    private final AuditLog audit;
    private final Attempts noted;

    Refusals(AuditLog audit, Ticker ticker) {
        this.audit = audit;
        this.noted = new Attempts(1, EVERY, ticker);
    }

    /** An address tried too often, whatever it tried; what it came with last is named. */
    void tooManyTries(Actor actor, String target) {
        if (noted.count(actor.address()).isEmpty()) {
            note(actor, target, "too many tries from this address");
        }
    }

    /** A name is locked after wrong passwords. */
    void locked(Actor actor, String target) {
        if (noted.count(actor.address() + ' ' + target).isEmpty()) {
            note(actor, target, "too many wrong passwords for this name");
        }
    }

    private void note(Actor actor, String target, String why) {
        audit.append(new AuditLog.Entry(actor, REFUSED, target, null, new JsonObject().put("why", why)));
    }
}
