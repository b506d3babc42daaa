package dev.parley.store;

import dev.parley.domain.NanoUsd;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import dev.parley.domain.TokenUsage;
import dev.parley.ledger.UsageBook;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What tenants may read, from the hourly sums and the budget windows. Blocks. Thread-safe. */
public final class JdbcUsage implements UsageBook {
    private final Database database;

    public JdbcUsage(Database database) {
        this.database = database;
    }

    @Override
    public List<Line> usage(Question question) {
        return database.asTenant("read a tenant's usage", question.tenant(), connection -> {
            try (PreparedStatement query = connection.prepareStatement("""
                    select date_trunc(?, hour, 'UTC') as start, subject, model, work, sum(entries) as entries,
                           sum(estimated) as estimated, sum(text_in) as text_in, sum(audio_in) as audio_in,
                           sum(image_in) as image_in, sum(cached_text) as cached_text, sum(cached_audio) as cached_audio,
                           sum(cached_image) as cached_image, sum(text_out) as text_out, sum(audio_out) as audio_out,
                           sum(reasoning_out) as reasoning_out, sum(millis) as millis, sum(cost_nano) as cost_nano
                    from usage_rollup
                    where tenant_id = ? and hour >= ? and hour < ? and (? or subject = ?)
                    group by 1, 2, 3, 4 order by 1, 2, 3, 4 limit ?
                    """)) {
                SubjectId subject = question.subject();
                query.setString(1, question.period().name().toLowerCase(Locale.ROOT));
                query.setString(2, question.tenant().value());
                query.setObject(3, question.from().atOffset(ZoneOffset.UTC));
                query.setObject(4, question.to().atOffset(ZoneOffset.UTC));
                query.setBoolean(5, subject == null);
                query.setString(6, subject == null ? "" : subject.value());
                query.setInt(7, question.linesMax());
                List<Line> lines = new ArrayList<>();
                try (ResultSet rows = query.executeQuery()) {
                    while (rows.next()) {
                        lines.add(line(rows));
                    }
                }
                return lines;
            }
        });
    }

    @Override
    public List<Used> used(TenantId tenant, SubjectId subject) {
        return database.asTenant("read what is used of limits", tenant, connection -> {
            try (PreparedStatement query = connection.prepareStatement("""
                    select b.limit_key, b.subject, b.window_end, b.spent + coalesce((
                               select sum(g.settled) from budget_grant as g
                               where g.balance_id = b.id and g.state <> 'closed'), 0) as used
                    from budget_balance as b
                    where b.tenant_id = ? and b.subject in ('', ?)
                      and b.window_start <= now() and (b.window_end is null or b.window_end > now())
                    """)) {
                query.setString(1, tenant.value());
                query.setString(2, subject.value());
                List<Used> used = new ArrayList<>();
                try (ResultSet rows = query.executeQuery()) {
                    while (rows.next()) {
                        OffsetDateTime end = rows.getObject("window_end", OffsetDateTime.class);
                        used.add(new Used(
                                rows.getString("limit_key"),
                                rows.getString("subject"),
                                rows.getLong("used"),
                                end == null ? null : end.toInstant()));
                    }
                }
                return used;
            }
        });
    }

    private static Line line(ResultSet row) throws SQLException {
        return new Line(
                row.getObject("start", OffsetDateTime.class).toInstant(),
                row.getString("subject"),
                row.getString("model"),
                row.getString("work"),
                row.getLong("entries"),
                row.getLong("estimated"),
                new TokenUsage(
                        row.getLong("text_in"),
                        row.getLong("audio_in"),
                        row.getLong("image_in"),
                        row.getLong("cached_text"),
                        row.getLong("cached_audio"),
                        row.getLong("cached_image"),
                        row.getLong("text_out"),
                        row.getLong("audio_out"),
                        row.getLong("reasoning_out")),
                row.getLong("millis"),
                new NanoUsd(row.getLong("cost_nano")));
    }
}
