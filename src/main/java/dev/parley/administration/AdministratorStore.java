package dev.parley.administration;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Where administrators, their links and their browsers' sessions are kept. Blocks. Thread-safe. Secrets come as digests. */
public interface AdministratorStore {
    boolean none();

    List<Administrator> list();

    Optional<Administrator> find(String name);

    /** The same; nobody else changes it until the transaction around it ends. */
    Optional<Administrator> findForChange(String name);

    Optional<Administrator> findBySubject(String subject);

    /**
     * Makes one.
     *
     * @param subject at the OpenID provider; null for who signs in here
     * @return empty if the name is taken
     */
    Optional<Administrator> create(String name, Role role, @Nullable String subject);

    /** Changes role and admission; empty if there is none of this name and generation. */
    Optional<Administrator> change(String name, long generation, Role role, boolean disabled);

    boolean delete(String name);

    /** Owners that can sign in. */
    int owners();

    /** A password that is taken for a wrong one: counts it, and locks when {@code lockedUntil} is given. */
    void failed(long administrator, @Nullable Instant lockedUntil);

    /** A right password: forgets the wrong ones. */
    void succeeded(long administrator);

    void setPassword(long administrator, String hash);

    /** @param administrator null for the link of the first owner, of which there is only one */
    void addLink(byte[] digest, @Nullable Long administrator, Duration lifetime);

    /** Takes a link that is still good, with all others of the same administrator; empty if it is not. */
    Optional<Link> takeLink(byte[] digest);

    /** Looks whether a link is still good; it stays. */
    Optional<Link> findLink(byte[] digest);

    /** @param confirmedAt when its administrator last gave the password */
    void addSession(String id, byte[] digest, long administrator, Instant confirmedAt, String address, String agent);

    /** The session of a cookie, if neither it nor its administrator has ended, and notes that it was used. */
    Optional<Session> useSession(byte[] digest, Duration idleMax, Duration lifeMax);

    /** The password was given again. */
    void confirmSession(String id);

    List<Session> sessions(Duration idleMax, Duration lifeMax);

    boolean endSession(String id);

    /** Ends a session if it is this administrator's. */
    boolean endSessionOf(long administrator, String id);

    /** @param except a session that stays; null for none */
    int endSessions(long administrator, @Nullable String except);

    /** @param administrator whose name it is; null for the first owner */
    record Link(@Nullable String administrator) {}

    /** A signed-in browser. */
    record Session(
            String id,
            Administrator administrator,
            Instant createdAt,
            Instant seenAt,
            Instant confirmedAt,
            String address,
            String agent) {}
}
