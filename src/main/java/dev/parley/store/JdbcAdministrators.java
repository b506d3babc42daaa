package dev.parley.store;

import dev.parley.administration.Administrator;
import dev.parley.administration.AdministratorStore;
import dev.parley.administration.Role;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Administrators, their links and sessions in Postgres. Blocks. Thread-safe. */
public final class JdbcAdministrators implements AdministratorStore {
    private static final String COLUMNS = """
            a.id, a.name, a.role, a.password_hash, a.subject, a.disabled, a.failures, a.locked_until, a.generation, a.created_at,
            a.last_sign_in_at
            """;
    private static final String SESSION =
            "select s.id as session_id, s.created_at as begun_at, s.seen_at, s.confirmed_at,"
                    + " s.address, s.agent, " + COLUMNS
                    + " from console_session s join administrator a on a.id = s.administrator_id"
                    + " where not a.disabled and s.seen_at > now() - make_interval(secs => ?)"
                    + " and s.created_at > now() - make_interval(secs => ?) ";

    private final Database database;

    public JdbcAdministrators(Database database) {
        this.database = database;
    }

    @Override
    public boolean none() {
        return first("look for administrators", "select from administrator", JdbcAdministrators::always)
                .isEmpty();
    }

    @Override
    public List<Administrator> list() {
        return all(
                "list administrators",
                "select " + COLUMNS + " from administrator a order by name",
                JdbcAdministrators::administrator);
    }

    @Override
    public Optional<Administrator> find(String name) {
        return read("name = ?", name);
    }

    @Override
    public Optional<Administrator> findForChange(String name) {
        return read("name = ? for update", name);
    }

    @Override
    public Optional<Administrator> findBySubject(String subject) {
        return read("subject = ?", subject);
    }

    private Optional<Administrator> read(String condition, String value) {
        return first(
                "read an administrator",
                "select " + COLUMNS + " from administrator a where " + condition,
                JdbcAdministrators::administrator,
                value);
    }

    @Override
    public Optional<Administrator> create(String name, Role role, @Nullable String subject) {
        return first(
                "make an administrator",
                "insert into administrator as a (name, role, subject) values (?, ?, ?) on conflict do nothing returning "
                        + COLUMNS,
                JdbcAdministrators::administrator,
                name,
                role.word(),
                subject);
    }

    @Override
    public Optional<Administrator> change(String name, long generation, Role role, boolean disabled) {
        return first(
                "change an administrator",
                "update administrator as a set role = ?, disabled = ?, generation = generation + 1"
                        + " where name = ? and generation = ? returning " + COLUMNS,
                JdbcAdministrators::administrator,
                role.word(),
                disabled,
                name,
                generation);
    }

    @Override
    public boolean delete(String name) {
        return update("delete an administrator", "delete from administrator where name = ?", name) > 0;
    }

    /** Locks their rows, so that two owners cannot take away each other's role at once. */
    @Override
    public int owners() {
        return all(
                        "count the owners",
                        "select " + COLUMNS + " from administrator a"
                                + " where role = 'owner' and not disabled and coalesce(password_hash, subject) is not null order by id for update",
                        JdbcAdministrators::administrator)
                .size();
    }

    @Override
    public void failed(long administrator, @Nullable Instant lockedUntil) {
        update(
                "count a wrong password",
                "update administrator set failures = failures + 1, locked_until = coalesce(?::timestamptz, locked_until) where id = ?",
                time(lockedUntil),
                administrator);
    }

    @Override
    public void succeeded(long administrator) {
        update(
                "note a sign-in",
                "update administrator set failures = 0, locked_until = null, last_sign_in_at = now() where id = ?",
                administrator);
    }

    @Override
    public void setPassword(long administrator, String hash) {
        update("set a password", "update administrator set password_hash = ? where id = ?", hash, administrator);
    }

    @Override
    public void addLink(byte[] digest, @Nullable Long administrator, Duration lifetime) {
        database.inTransaction("make a sign-in link", _ -> {
            // Nodes that start together may each print a first link: all are good until one is used.
            update(
                    "forget links",
                    "delete from sign_in_link where expires_at < now() or administrator_id = ?",
                    administrator);
            return update(
                    "make a sign-in link",
                    "insert into sign_in_link (digest, administrator_id, expires_at)"
                            + " values (?, ?, now() + make_interval(secs => ?))",
                    digest,
                    administrator,
                    (double) lifetime.toSeconds());
        });
    }

    @Override
    public Optional<Link> takeLink(byte[] digest) {
        return database.inTransaction("take a sign-in link", connection -> {
            lockAdministrators(connection);
            Optional<Link> link = findLink(digest);
            if (link.isPresent()) {
                update("take a sign-in link", "delete from sign_in_link where digest = ?", digest);
            }
            return link;
        });
    }

    @Override
    public Optional<Link> findLink(byte[] digest) {
        return first("look for a sign-in link", """
                select a.name from sign_in_link l left join administrator a on a.id = l.administrator_id
                where l.digest = ? and l.expires_at > now() and not coalesce(a.disabled, false)
                  and (l.administrator_id is not null or not exists (select from administrator))
                """, rows -> new Link(rows.getString("name")), digest);
    }

    @Override
    public void addSession(
            String id, byte[] digest, long administrator, Instant confirmedAt, String address, String agent) {
        update(
                "begin a console session",
                "insert into console_session (id, digest, administrator_id, confirmed_at, address, agent)"
                        + " values (?, ?, ?, ?, ?, ?)",
                id,
                digest,
                administrator,
                time(confirmedAt),
                address,
                agent);
    }

    @Override
    public Optional<Session> useSession(byte[] digest, Duration idleMax, Duration lifeMax) {
        Optional<Session> session = first(
                "look for a console session",
                SESSION + "and s.digest = ?",
                JdbcAdministrators::session,
                (double) idleMax.toSeconds(),
                (double) lifeMax.toSeconds(),
                digest);
        session.ifPresent(found -> update(
                "note a console session's use",
                "update console_session set seen_at = now() where id = ? and seen_at < now() - interval '1 minute'",
                found.id()));
        return session;
    }

    @Override
    public void confirmSession(String id) {
        update("confirm a console session", "update console_session set confirmed_at = now() where id = ?", id);
    }

    @Override
    public List<Session> sessions(Duration idleMax, Duration lifeMax) {
        return all(
                "list console sessions",
                SESSION + "order by s.seen_at desc",
                JdbcAdministrators::session,
                (double) idleMax.toSeconds(),
                (double) lifeMax.toSeconds());
    }

    @Override
    public boolean endSession(String id) {
        return update("end a console session", "delete from console_session where id = ?", id) > 0;
    }

    @Override
    public boolean endSessionOf(long administrator, String id) {
        return update(
                        "end a console session",
                        "delete from console_session where id = ? and administrator_id = ?",
                        id,
                        administrator)
                > 0;
    }

    @Override
    public int endSessions(long administrator, @Nullable String except) {
        return update(
                "end console sessions",
                "delete from console_session where administrator_id = ? and id is distinct from ?::text",
                administrator,
                except);
    }

    /** One at a time, so that two links cannot make two first owners. */
    private static void lockAdministrators(Connection connection) throws SQLException {
        try (PreparedStatement lock =
                connection.prepareStatement("select pg_advisory_xact_lock(hashtext('take_sign_in_link'))")) {
            lock.execute();
        }
    }

    private <T> Optional<T> first(String doing, String sql, Sql.Read<T> read, @Nullable Object... values) {
        return all(doing, sql, read, values).stream().findFirst();
    }

    private <T> List<T> all(String doing, String sql, Sql.Read<T> read, @Nullable Object... values) {
        return database.withConnection(doing, connection -> Sql.query(connection, sql, read, values));
    }

    private int update(String doing, String sql, @Nullable Object... values) {
        return database.withConnection(doing, connection -> Sql.update(connection, sql, values));
    }

    private static Boolean always(ResultSet rows) {
        return true;
    }

    private static Session session(ResultSet rows) throws SQLException {
        return new Session(
                rows.getString("session_id"),
                administrator(rows),
                instant(rows, "begun_at"),
                instant(rows, "seen_at"),
                instant(rows, "confirmed_at"),
                rows.getString("address"),
                rows.getString("agent"));
    }

    private static Administrator administrator(ResultSet rows) throws SQLException {
        return new Administrator(
                rows.getLong("id"),
                rows.getString("name"),
                Role.of(rows.getString("role")),
                rows.getString("password_hash"),
                rows.getString("subject"),
                rows.getBoolean("disabled"),
                rows.getInt("failures"),
                Sql.instantOrNull(rows, "locked_until"),
                rows.getLong("generation"),
                instant(rows, "created_at"),
                Sql.instantOrNull(rows, "last_sign_in_at"));
    }

    private static Instant instant(ResultSet rows, String column) throws SQLException {
        return rows.getObject(column, OffsetDateTime.class).toInstant();
    }

    private static @Nullable OffsetDateTime time(@Nullable Instant at) {
        return at == null ? null : at.atOffset(ZoneOffset.UTC);
    }
}
