package dev.parley.store;

import dev.parley.ledger.EntryId;
import dev.parley.ledger.Figure;
import dev.parley.ledger.Reconciliation.Remedy.Correction;
import dev.parley.ledger.ReportLine;
import dev.parley.quota.LedgerPeriod;
import dev.parley.store.JdbcReconciliation.Attribution;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;

/** Writes the adjustments of one report, in the transaction of its connection; one such transaction at a time. */
final class Adjustments {
    private static final String INSERT = """
            insert into usage_entry (tenant_id, entry_id, period, subject, session_id, reference, work, kind, node, account,
                model_asked, model_resolved, status, text_in, audio_in, image_in, cached_text, cached_audio, cached_image,
                text_out, audio_out, reasoning_out, millis, price_version, cost_nano, event_time, charged)
            values (?, ?, ?, '-', '-', ?, ?, 'adjustment', 'reconcile', ?, ?, ?, 'reconciled', ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?,
                ?, ?)
            """;

    /** Of all models or accounts together, in the time of a line that is of one: what is whose is not known any more. */
    private static final String COARSER = """
            select from unnest(?::timestamptz[], ?::timestamptz[], ?::text[]) as line (since, until, family)
            join usage_entry as e on e.kind = 'adjustment' and e.event_time >= since and e.event_time < until
            where (e.model_resolved = '*' and family <> '*' or e.account = '*' and ?::text is not null)
              and (e.model_resolved = '*' or family in ('*', model_family(e.model_resolved)))
              and (e.account = '*' or ?::text is null or e.account = ?)
            limit 1
            """;

    private final Connection connection;
    private final String digest;
    private final Attribution to;
    private final List<OrphanedGrant> orphans;

    /** @param orphans whose tenant is charged with what is booked on it for their time */
    Adjustments(Connection connection, String digest, Attribution to, List<OrphanedGrant> orphans) {
        this.connection = connection;
        this.digest = digest;
        this.to = to;
        this.orphans = orphans;
    }

    /** Returns 1 if it was written now, 0 if it was there from this report already. */
    int write(ReportLine line, Correction correction) throws SQLException {
        String reference =
                "report " + digest.substring(0, 16) + " " + line.from() + "/" + line.to() + " " + line.family();
        UUID id = EntryId.of("report " + digest, correction.work(), reference);
        if (isBooked(id)) {
            return 0;
        }
        Map<Long, OrphanedGrant> payers = payers(line, correction);
        try (PreparedStatement insert = connection.prepareStatement(INSERT)) {
            int at = 0;
            insert.setString(++at, to.tenant() == null ? JdbcReconciliation.NOBODY : to.tenant());
            insert.setObject(++at, id);
            insert.setInt(++at, LedgerPeriod.of(line.from()));
            insert.setString(++at, reference);
            insert.setString(++at, correction.work().name().toLowerCase(Locale.ROOT));
            insert.setString(++at, to.account() == null ? "*" : to.account());
            insert.setString(++at, line.model());
            insert.setString(++at, line.model());
            for (Figure figure : List.of(
                    Figure.TEXT_IN,
                    Figure.AUDIO_IN,
                    Figure.IMAGE_IN,
                    Figure.CACHED_TEXT,
                    Figure.CACHED_AUDIO,
                    Figure.CACHED_IMAGE,
                    Figure.TEXT_OUT,
                    Figure.AUDIO_OUT,
                    Figure.MILLIS)) {
                insert.setLong(++at, correction.amounts().getOrDefault(figure, 0L));
            }
            insert.setInt(++at, correction.priceVersion());
            insert.setLong(++at, correction.costNano());
            insert.setObject(++at, line.from().atOffset(ZoneOffset.UTC));
            insert.setArray(
                    ++at, connection.createArrayOf("bigint", payers.keySet().toArray()));
            insert.executeUpdate();
        }
        charge(correction, payers.values());
        return 1;
    }

    /** Whether something was corrected in these lines' times by a report that told less apart. */
    boolean tellMoreThanBefore(List<ReportLine> lines) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement(COARSER)) {
            JdbcReconciliation.setLines(query, lines);
            for (int at = 4; at <= 6; at++) {
                query.setString(at, to.account());
            }
            try (ResultSet rows = query.executeQuery()) {
                return rows.next();
            }
        }
    }

    /** On whichever tenant, and in whichever period: late ones are in another. */
    private boolean isBooked(UUID id) throws SQLException {
        try (PreparedStatement query =
                connection.prepareStatement("select from usage_entry where kind = 'adjustment' and entry_id = ?")) {
            query.setObject(1, id);
            try (ResultSet rows = query.executeQuery()) {
                return rows.next();
            }
        }
    }

    /** By balance: what a tenant's dead nodes have spent counts against its budgets. */
    private Map<Long, OrphanedGrant> payers(ReportLine line, Correction correction) {
        Map<Long, OrphanedGrant> payers = new TreeMap<>();
        for (OrphanedGrant orphan : orphans) {
            if (correction.costNano() > 0
                    && orphan.tenant().equals(to.tenant())
                    && orphan.subject().isEmpty()
                    && orphan.meets(line)) {
                payers.putIfAbsent(orphan.balance(), orphan);
            }
        }
        return payers;
    }

    private void charge(Correction correction, Collection<OrphanedGrant> payers) throws SQLException {
        try (PreparedStatement call = connection.prepareStatement("select settle_grants(?, ?)")) {
            call.setArray(
                    1,
                    connection.createArrayOf(
                            "bigint", payers.stream().map(OrphanedGrant::grant).toArray()));
            Object[] amounts = payers.stream()
                    .map(payer -> payer.unit().equals("money") ? correction.costNano() : tokens(correction))
                    .toArray();
            call.setArray(2, connection.createArrayOf("bigint", amounts));
            call.execute();
        }
    }

    private static long tokens(Correction correction) {
        return Stream.of(Figure.TEXT_IN, Figure.AUDIO_IN, Figure.IMAGE_IN, Figure.TEXT_OUT, Figure.AUDIO_OUT)
                .mapToLong(figure -> correction.amounts().getOrDefault(figure, 0L))
                .sum();
    }
}
