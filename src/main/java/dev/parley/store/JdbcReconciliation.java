package dev.parley.store;

import dev.parley.ledger.Figure;
import dev.parley.ledger.Reconciliation.Compared;
import dev.parley.ledger.Reconciliation.Remedy.Correction;
import dev.parley.ledger.ReportLine;
import dev.parley.ledger.UsageReport;
import dev.parley.quota.LedgerPeriod;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The ledger's side of a reconciliation with a provider's report. Blocks; throws {@link StoreException}. Thread-safe. */
public final class JdbcReconciliation {
    /** Who an adjustment is booked on when nobody knows whose it was: not a name that a tenant can have. */
    public static final String NOBODY = "(unattributed)";

    private static final Duration PATIENCE = Duration.ofMinutes(10);
    /** By minute first: one look at the ledger, whatever the number of lines. */
    private static final String OURS = """
            with lines as (
                select * from unnest(?::timestamptz[], ?::timestamptz[], ?::text[])
                    with ordinality as line (since, until, family, n)),
            minutes as (
                select date_trunc('minute', event_time, 'UTC') as minute,
                       model_family(coalesce(model_reported, model_resolved)) as family,
                       count(*) filter (where kind <> 'adjustment') as requests, sum(text_in) as text_in,
                       sum(cached_text) as cached_text, sum(audio_in) as audio_in, sum(cached_audio) as cached_audio,
                       sum(image_in) as image_in, sum(cached_image) as cached_image, sum(text_out) as text_out,
                       sum(audio_out) as audio_out, sum(millis) as millis, sum(cost_nano) as cost
                from usage_entry
                where event_time >= (select min(since) from lines) and event_time < (select max(until) from lines)
                  and (?::text is null or account = ?)
                group by 1, 2)
            select coalesce(sum(requests), 0) as requests, coalesce(sum(text_in), 0) as text_in,
                   coalesce(sum(cached_text), 0) as cached_text, coalesce(sum(audio_in), 0) as audio_in,
                   coalesce(sum(cached_audio), 0) as cached_audio, coalesce(sum(image_in), 0) as image_in,
                   coalesce(sum(cached_image), 0) as cached_image, coalesce(sum(text_out), 0) as text_out,
                   coalesce(sum(audio_out), 0) as audio_out, coalesce(sum(millis), 0) as millis,
                   coalesce(sum(cost), 0) as cost
            from lines
            left join minutes on minute >= since and minute < until and (lines.family = '*' or minutes.family = lines.family)
            group by n order by n
            """;

    private final Database database;

    public JdbcReconciliation(Database database) {
        this.database = database;
    }

    /** Whether anything in the ledger is of that upstream account. */
    public boolean knows(String account) {
        return database.patiently("look for an upstream account in the ledger", PATIENCE, connection -> {
            try (PreparedStatement query =
                    connection.prepareStatement("select from usage_entry where account = ? limit 1")) {
                query.setString(1, account);
                try (ResultSet rows = query.executeQuery()) {
                    return rows.next();
                }
            }
        });
    }

    /** What the ledger holds for each of the lines, earlier adjustments included. */
    public List<Map<Figure, Long>> ours(List<ReportLine> lines, @Nullable String account) {
        return database.patiently(
                "sum the ledger up for a report", PATIENCE, connection -> ours(connection, lines, account));
    }

    private static List<Map<Figure, Long>> ours(Connection connection, List<ReportLine> lines, @Nullable String account)
            throws SQLException {
        try (PreparedStatement query = connection.prepareStatement(OURS)) {
            setLines(query, lines);
            query.setString(4, account);
            query.setString(5, account);
            try (ResultSet rows = query.executeQuery()) {
                List<Map<Figure, Long>> all = new ArrayList<>();
                while (rows.next()) {
                    Map<Figure, Long> figures = new EnumMap<>(Figure.class);
                    for (Figure figure : Figure.values()) {
                        figures.put(figure, rows.getLong(figure.name().toLowerCase(Locale.ROOT)));
                    }
                    all.add(figures);
                }
                return all;
            }
        }
    }

    /** As the first three parameters: begins, ends, families. */
    static void setLines(PreparedStatement query, List<ReportLine> lines) throws SQLException {
        Connection connection = query.getConnection();
        query.setArray(
                1,
                connection.createArrayOf(
                        "timestamptz", texts(lines, line -> line.from().toString())));
        query.setArray(
                2,
                connection.createArrayOf(
                        "timestamptz", texts(lines, line -> line.to().toString())));
        query.setArray(3, connection.createArrayOf("text", texts(lines, ReportLine::family)));
    }

    private static Object[] texts(List<ReportLine> lines, Function<ReportLine, String> text) {
        return lines.stream().map(text).toArray();
    }

    /**
     * Whom and what the adjustments of a report belong to.
     *
     * @param tenant null: nobody knows
     * @param account null: all of them
     */
    public record Attribution(
            @Nullable String tenant, @Nullable String account) {}

    /**
     * What was done.
     *
     * @param adjustments rows that were written now
     * @param released grants of dead nodes whose rest is free again
     */
    public record Applied(int adjustments, int released) {}

    /**
     * Writes the corrections, each once for ever for the same report, and releases orphaned grants; all or nothing.
     *
     * @param orphans to be released; those of the tenant are charged with what is booked on it for their time
     * @throws IllegalStateException when the ledger has other sums by now than what was compared, or was corrected by a
     *     report that told less apart
     */
    public Applied apply(UsageReport report, List<Compared> compared, Attribution to, List<OrphanedGrant> orphans) {
        compared.stream()
                .filter(one -> one.remedy() instanceof Correction)
                .map(one -> LedgerPeriod.of(one.line().from()))
                .distinct()
                .forEach(this::makePartition);
        return database.patiently("write adjustments", PATIENCE, connection -> {
            lock(connection);
            List<ReportLine> lines = compared.stream().map(Compared::line).toList();
            if (!ours(connection, lines, to.account())
                    .equals(compared.stream().map(Compared::ours).toList())) {
                throw new IllegalStateException("the ledger has changed meanwhile: compare again");
            }
            Adjustments adjustments = new Adjustments(connection, report.digest(), to, orphans);
            List<Compared> corrected = compared.stream()
                    .filter(one -> one.remedy() instanceof Correction)
                    .toList();
            if (adjustments.tellMoreThanBefore(
                    corrected.stream().map(Compared::line).toList())) {
                throw new IllegalStateException(
                        "this time was corrected before by a report of all models, or of all accounts, together:"
                                + " correct it as a whole again");
            }
            int written = 0;
            for (Compared one : corrected) {
                written += adjustments.write(one.line(), (Correction) one.remedy());
            }
            return new Applied(written, release(connection, orphans));
        });
    }

    private void makePartition(int period) {
        database.withConnection("make the ledger's partition of " + period, connection -> {
            try (PreparedStatement call = connection.prepareStatement("select make_usage_partition(?)")) {
                call.setInt(1, period);
                return call.execute();
            }
        });
    }

    private static void lock(Connection connection) throws SQLException {
        try (PreparedStatement lock =
                connection.prepareStatement("select pg_advisory_xact_lock(hashtext('reconcile'))")) {
            lock.execute();
        }
    }

    private static int release(Connection connection, List<OrphanedGrant> orphans) throws SQLException {
        try (PreparedStatement call = connection.prepareStatement("select release_orphans(?)")) {
            Object[] grants = orphans.stream().map(OrphanedGrant::grant).toArray();
            call.setArray(1, connection.createArrayOf("bigint", grants));
            try (ResultSet row = call.executeQuery()) {
                row.next();
                return row.getInt(1);
            }
        }
    }

    /** What dead nodes held of hard budgets and has not been released. */
    public List<OrphanedGrant> orphans() {
        return database.withConnection("list orphaned grants", connection -> {
            try (PreparedStatement query = connection.prepareStatement("""
                            select * from orphaned_grant order by grant_id
                            """);
                    ResultSet rows = query.executeQuery()) {
                List<OrphanedGrant> orphans = new ArrayList<>();
                while (rows.next()) {
                    orphans.add(new OrphanedGrant(
                            rows.getLong("grant_id"),
                            rows.getLong("balance_id"),
                            rows.getString("tenant_id"),
                            rows.getString("limit_key"),
                            rows.getString("subject"),
                            rows.getString("unit"),
                            rows.getString("node"),
                            rows.getLong("burned"),
                            rows.getObject("since", OffsetDateTime.class).toInstant(),
                            rows.getObject("until", OffsetDateTime.class).toInstant()));
                }
                return orphans;
            }
        });
    }
}
