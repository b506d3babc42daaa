package dev.parley.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.administration.Reports.Page;
import dev.parley.administration.Reports.UsageQuestion;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The reports of the admin plane on a real ledger. */
class JdbcReportsIT {
    private final TestDatabase database = TestDatabase.create();
    private final JdbcReports reports = new JdbcReports(database.database());
    private final Instant now = Instant.now();

    @AfterEach
    void close() {
        database.close();
    }

    @Test
    void hourlySumsAndWhatIsNotSealedYetComeToWhatTheLedgerHas() {
        use(1, 400);
        database.query("select seal_ledger()");
        database.query("select roll_up(true)");
        use(401, 150); // sealed, but not summed yet
        database.query("select seal_ledger()");
        use(551, 70); // neither

        UsageQuestion asked = new UsageQuestion(
                now.minus(10, ChronoUnit.DAYS), now, "day", List.of("tenant", "model"), null, null, null);
        UsageQuestion hourly = asked.widened();
        UsageQuestion exact =
                new UsageQuestion(hourly.from(), hourly.to(), "day", List.of("tenant", "status"), null, null, null);

        assertThat(asked.hourly()).isFalse();
        assertThat(hourly.hourly()).isTrue();
        assertThat(exact.hourly()).as("no sums by status").isFalse();
        assertThat(total(hourly, "entries")).isEqualTo(620).isEqualTo(total(exact, "entries"));
        assertThat(total(hourly, "text_in")).isEqualTo(total(exact, "text_in"));
        assertThat(cost(hourly)).isPositive().isEqualTo(cost(exact));
    }

    @Test
    void aSearchForTenantsTakesItsSignsAsTheyAre() {
        database.execute(
                "insert into tenant (id, name) values ('ab', '100% sure'), ('ac', 'under_score'), ('ad', 'plain')");

        assertThat(found("%")).containsExactly("ab");
        assertThat(found("_")).containsExactly("ac");
        assertThat(found("A")).contains("ab", "ac", "ad");
    }

    private List<String> found(String search) {
        return reports.tenants(new Page(null, 50), search).stream()
                .map(row -> row.getString("id"))
                .toList();
    }

    private long total(UsageQuestion question, String field) {
        return reports.usage(question).stream()
                .mapToLong(row -> row.getLong(field))
                .sum();
    }

    private long cost(UsageQuestion question) {
        return reports.usage(question).stream()
                .map(row -> row.getString("cost_nano_usd"))
                .mapToLong(Long::parseLong)
                .sum();
    }

    /** Entries of the last nine days, of three tenants. */
    private void use(int from, int number) {
        database.execute("""
                select make_usage_partition(to_char(now() - make_interval(days => d), 'YYYYMM')::int) from generate_series(0, 10) as d
                """);
        database.execute("""
                insert into usage_entry (tenant_id, entry_id, period, subject, session_id, reference, work, kind, node, account,
                    model_asked, model_resolved, status, text_in, audio_in, image_in, cached_text, cached_audio, cached_image,
                    text_out, audio_out, reasoning_out, millis, price_version, cost_nano, event_time)
                select 't' || i %% 3, gen_random_uuid(), to_char(at at time zone 'UTC', 'YYYYMM')::int, 's' || i %% 5, 'psn_' || i,
                       'resp_' || i, 'response', 'usage', 'n', 'a', 'gpt-realtime', 'gpt-realtime', 'completed',
                       i, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, i * 1000, at
                from generate_series(%d, %d) as i
                cross join lateral (select now() - make_interval(mins => (i * 20) %% 12900) as at) as one
                """.formatted(from, from + number - 1));
    }
}
