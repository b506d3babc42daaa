package dev.parley.administration;

import dev.parley.concurrent.Ticker;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Lets in who has signed in at the OpenID provider. They are known by their subject there, never by their name: a name can
 * change hands. Their role is what the provider's groups say at each sign-in. Blocks. Thread-safe.
 */
public final class ProviderSignIn {
    /** Of an address at once; no password can be guessed here, but each asks the provider something. */
    static final int TRIES = 40;

    static final Duration TRY_EVERY = Duration.ofSeconds(2);

    private final AdministratorStore store;
    private final ApiTokenStore tokens;
    private final AuditLog audit;
    private final SignIn signIn;
    private final Attempts attempts;

    public ProviderSignIn(
            AdministratorStore store, ApiTokenStore tokens, AuditLog audit, SignIn signIn, Ticker ticker) {
        this.tokens = tokens;
        this.attempts = new Attempts(TRIES, TRY_EVERY, ticker);
        this.store = store;
        this.audit = audit;
        this.signIn = signIn;
    }

    /**
     * Who it is, as the provider says.
     *
     * @param subject that no other person ever has
     * @param role null if none of their groups gives one
     * @param confirmedAt when they gave a password there: who is let in without one has not confirmed anything
     */
    public record Person(
            String subject, String name, @Nullable Role role, Instant confirmedAt) {}

    /** Counts a try of an address; says how long to wait if there are too many. */
    public Optional<Duration> count(String address) {
        Optional<Duration> wait = attempts.count(address);
        if (wait.isPresent()) {
            signIn.tooManyTries(SignIn.stranger(address), "provider");
        }
        return wait;
    }

    /**
     * Begins a session.
     *
     * @param replaced the id of the browser's session before, which ends if it is the same person's; null for none
     * @return the secret of the new session, for the browser's cookie
     */
    public String begin(Person person, @Nullable String replaced, String address, String agent) throws SignInRefused {
        Optional<String> begun =
                audit.inTransaction(() -> admitted(person, address).map(administrator -> {
                    if (replaced != null) {
                        store.endSessionOf(administrator.id(), replaced);
                    }
                    return signIn.begin(administrator, person.confirmedAt(), address, agent, "sign_in.provider");
                }));
        return begun.orElseThrow(() -> new SignInRefused("You may not use this console.", null));
    }

    /** Notes that the provider's answer let nobody in. */
    public void failed(String why, String address) {
        signIn.refusedStranger(address, "provider", why);
    }

    private Optional<Administrator> admitted(Person person, String address) {
        Optional<Administrator> known = store.findBySubject(person.subject());
        Role role = person.role();
        if (role == null) {
            known.ifPresent(one -> dismiss(one, address));
            return refused(person, address, "no group gives a role");
        }
        if (known.isEmpty()) {
            return made(person, role, address);
        }
        return known.get().disabled()
                ? refused(person, address, "disabled")
                : Optional.of(withRole(known.get(), role, address));
    }

    /** Whom the provider trusts with nothing any more keeps nothing here. */
    private void dismiss(Administrator known, String address) {
        store.endSessions(known.id(), null);
        tokens.revokeAllOf(known.id())
                .forEach(token -> audit.append(new AuditLog.Entry(
                        Actor.administrator(known.name(), address),
                        "api_token.revoke",
                        "api_token/" + token.id(),
                        null,
                        new JsonObject().put("why", "no group gives a role"))));
    }

    private Optional<Administrator> made(Person person, Role role, String address) {
        String name = person.name().toLowerCase(Locale.ROOT);
        if (!Administrator.isName(name)) {
            return refused(person, address, "the name has other characters than a name here");
        }
        Optional<Administrator> made = store.create(name, role, person.subject());
        if (made.isEmpty()) {
            return refused(person, address, "somebody else has this name here");
        }
        signIn.append(name, address, "administrator.create", new JsonObject().put("role", role.word()));
        return made;
    }

    private Administrator withRole(Administrator known, Role role, String address) {
        if (known.role() == role) {
            return known;
        }
        Administrator changed = store.change(known.name(), known.generation(), role, known.disabled())
                .orElse(known);
        signIn.append(known.name(), address, "administrator.change", new JsonObject().put("role", role.word()));
        return changed;
    }

    private Optional<Administrator> refused(Person person, String address, String why) {
        String name = person.name().length() > SignIn.NAME_SHOWN_MAX
                ? person.name().substring(0, SignIn.NAME_SHOWN_MAX)
                : person.name();
        signIn.append(name, address, "sign_in.refused", new JsonObject().put("why", why));
        return Optional.empty();
    }
}
