package dev.parley.administration;

import dev.parley.administration.AdministratorStore.Link;
import dev.parley.administration.AdministratorStore.Session;
import dev.parley.concurrent.Ticker;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Lets administrators in. A wrong password is told in the same words, after as much work, as an unknown name; after
 * {@link #FAILURES_FREE} wrong ones each further one locks the name for twice as long, whether anybody has it or not. A try
 * counts as wrong before its password is looked at, so that many at once are no more than one after the other. Blocks.
 * Thread-safe.
 */
public final class SignIn {
    /** A browser that is not used for so long is signed out. */
    public static final Duration IDLE_MAX = Duration.ofHours(2);
    /** A browser signs in again after so long, used or not. */
    public static final Duration LIFE_MAX = Duration.ofHours(12);
    /** How long a password counts for changes. */
    public static final Duration CONFIRMED_FOR = Duration.ofMinutes(30);
    /** How long a sign-in link is good. */
    public static final Duration LINK_LIFE = Duration.ofHours(24);

    /** Of an address at once; then one in {@link #TRY_EVERY}. */
    static final int TRIES = 10;

    static final Duration TRY_EVERY = Duration.ofSeconds(6);
    static final int FAILURES_FREE = 5;
    static final Duration LOCK_FIRST = Duration.ofSeconds(15);
    static final Duration LOCK_MAX = Duration.ofMinutes(15);
    private static final String WRONG = "The name or the password is wrong.";
    private static final String LINK = "sign_in_link";
    static final int NAME_SHOWN_MAX = 128;

    private final AdministratorStore store;
    private final AuditLog audit;
    private final Passwords passwords;
    private final Attempts attempts;
    private final Refusals refusals;
    private final UnknownNames unknown = new UnknownNames();
    private final Ticker ticker;

    public SignIn(AdministratorStore store, AuditLog audit, Passwords passwords, Ticker ticker) {
        this.store = store;
        this.audit = audit;
        this.passwords = passwords;
        this.attempts = new Attempts(TRIES, TRY_EVERY, ticker);
        this.refusals = new Refusals(audit, ticker);
        this.ticker = ticker;
    }

    /** @return the secret of the new session, for the browser's cookie */
    public String withPassword(String name, String password, String address, String agent) throws SignInRefused {
        limit(Actor.administrator(shown(name), address), "administrator/" + shown(name));
        Administrator known = store.find(name).orElse(null);
        countTry(name, address);
        boolean right = passwords.matches(password, known == null ? null : known.passwordHash());
        if (!right || known == null || known.disabled()) {
            throw wrong(name, address);
        }
        return begin(known, ticker.now(), address, agent, "sign_in");
    }

    /** Sets the password of whom the link is for, and signs in; the first owner chooses a name as well. */
    public String withLink(String secret, @Nullable String chosenName, String password, String address, String agent)
            throws SignInRefused {
        limit(stranger(address), LINK);
        byte[] digest = SecretText.digest(secret);
        if (store.findLink(digest).isEmpty()) {
            throw notGood(address);
        }
        String hash = passwords.hash(Passwords.checked(password));
        Optional<String> begun = audit.inTransaction(() -> store.takeLink(digest)
                .map(link -> whose(link, chosenName))
                .map(administrator -> {
                    store.setPassword(administrator.id(), hash);
                    store.endSessions(administrator.id(), null);
                    return begin(administrator, ticker.now(), address, agent, "sign_in.link");
                }));
        return begun.orElseThrow(() -> notGood(address));
    }

    private SignInRefused notGood(String address) {
        refusedStranger(address, LINK, "no such link");
        return new SignInRefused("This link is not good any more: ask for a new one.", null);
    }

    /**
     * Notes that somebody was refused who has not said who they are.
     *
     * @param target what they came with
     */
    void refusedStranger(String address, String target, String why) {
        audit.append(new AuditLog.Entry(
                stranger(address), "sign_in.refused", target, null, new JsonObject().put("why", why)));
    }

    /** Whose link it is, if it is still good. */
    public Optional<Link> look(String secret, String address) throws SignInRefused {
        limit(stranger(address), LINK);
        return store.findLink(SecretText.digest(secret));
    }

    /** The password again, for changes. */
    public void confirm(Session session, String password, String address) throws SignInRefused {
        Administrator administrator = session.administrator();
        limit(Actor.administrator(administrator.name(), address), "administrator/" + administrator.name());
        countTry(administrator.name(), address);
        if (!passwords.matches(password, administrator.passwordHash())) {
            throw wrong(administrator.name(), address);
        }
        store.succeeded(administrator.id());
        store.confirmSession(session.id());
    }

    /** Another password, which ends the other sessions. */
    public void changePassword(Session session, String password) {
        String hash = passwords.hash(Passwords.checked(password));
        Administrator administrator = session.administrator();
        audit.inTransaction(() -> {
            store.setPassword(administrator.id(), hash);
            store.endSessions(administrator.id(), session.id());
            append(administrator.name(), session.address(), "administrator.password", null);
            return administrator;
        });
    }

    /** A link with which the administrator sets a password; those made before are good no more. */
    public String link(Administrator administrator) {
        String secret = SecretText.random();
        store.addLink(SecretText.digest(secret), administrator.id(), LINK_LIFE);
        return secret;
    }

    /** A link that makes the first owner; empty if there is an administrator already. */
    public Optional<String> firstLink() {
        if (!store.none()) {
            return Optional.empty();
        }
        String secret = SecretText.random();
        store.addLink(SecretText.digest(secret), null, LINK_LIFE);
        return Optional.of(secret);
    }

    private Administrator whose(Link link, @Nullable String chosenName) {
        String name = link.administrator();
        if (name != null) {
            return store.find(name).orElseThrow();
        }
        String chosen = Administrator.checkedName(chosenName == null ? "" : chosenName);
        return store.create(chosen, Role.OWNER, null).orElseThrow();
    }

    /** @param confirmedAt when the password was given, here or elsewhere */
    String begin(Administrator administrator, Instant confirmedAt, String address, String agent, String action) {
        String secret = SecretText.random();
        return audit.inTransaction(() -> {
            store.succeeded(administrator.id());
            String id = SecretText.id("cs_");
            store.addSession(id, SecretText.digest(secret), administrator.id(), confirmedAt, address, agent);
            append(administrator.name(), address, action, new JsonObject().put("session", id));
            return secret;
        });
    }

    /** @param target what they come with */
    private void limit(Actor actor, String target) throws SignInRefused {
        Optional<Duration> wait = attempts.count(actor.address());
        if (wait.isPresent()) {
            tooManyTries(actor, target);
            throw new SignInRefused("Too many tries from this address.", wait.get());
        }
    }

    void tooManyTries(Actor actor, String target) {
        refusals.tooManyTries(actor, target);
    }

    static Actor stranger(String address) {
        return new Actor("stranger", address);
    }

    /** Counts a try as a wrong one, until a right one is forgotten; refuses it if the name is locked. */
    private void countTry(String name, String address) throws SignInRefused {
        Instant now = ticker.now();
        Optional<Instant> lockedUntil = audit.inTransaction(() -> store.findForChange(name)
                .map(known -> Optional.ofNullable(known.lockedUntil())
                        .filter(until -> until.isAfter(now))
                        .or(() -> counted(known)))
                .orElseGet(() -> Optional.ofNullable(unknown.count(name, now, this::lockAfter))));
        if (lockedUntil.isPresent()) {
            refusals.locked(Actor.administrator(shown(name), address), "administrator/" + shown(name));
            throw new SignInRefused(
                    "Too many wrong passwords for this name.", Duration.between(now, lockedUntil.get()));
        }
    }

    private Optional<Instant> counted(Administrator known) {
        store.failed(known.id(), lockAfter(known.failures() + 1));
        return Optional.empty();
    }

    private SignInRefused wrong(String name, String address) {
        append(shown(name), address, "sign_in.refused", null);
        return new SignInRefused(WRONG, null);
    }

    private static String shown(String name) {
        return name.length() > NAME_SHOWN_MAX ? name.substring(0, NAME_SHOWN_MAX) : name;
    }

    private @Nullable Instant lockAfter(int failures) {
        if (failures < FAILURES_FREE) {
            return null;
        }
        int doublings = Math.min(failures - FAILURES_FREE, 20);
        Duration lock = LOCK_FIRST.multipliedBy(1L << doublings);
        return ticker.now().plus(lock.compareTo(LOCK_MAX) < 0 ? lock : LOCK_MAX);
    }

    void append(String name, String address, String action, @Nullable JsonObject after) {
        audit.append(
                new AuditLog.Entry(Actor.administrator(name, address), action, "administrator/" + name, null, after));
    }
}
