package dev.parley.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.administration.Reports.Page;
import dev.parley.administration.Reports.UsageQuestion;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The reports of the admin plane on a real ledger. */
class JdbcReportsIT {
    private static final List<String> COSTS = Stream.of(
                    "text_in",
                    "text_cached",
                    "text_out",
                    "audio_in",
                    "audio_cached",
                    "audio_out",
                    "image_in",
                    "image_cached",
                    "time",
                    "other")
            .map(name -> name + "_nano_usd")
            .toList();

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
                now.minus(10, ChronoUnit.DAYS), now, "day", List.of("tenant", "model"), 0, null, null, null);
        UsageQuestion hourly = asked.widened();
        UsageQuestion exact =
                new UsageQuestion(hourly.from(), hourly.to(), "day", List.of("tenant", "status"), 0, null, null, null);

        assertThat(asked.hourly()).isFalse();
        assertThat(hourly.hourly()).isTrue();
        assertThat(exact.hourly()).as("no sums by status").isFalse();
        assertThat(total(hourly, "entries")).isEqualTo(620).isEqualTo(total(exact, "entries"));
        assertThat(total(hourly, "text_in")).isEqualTo(total(exact, "text_in"));
        assertThat(cost(hourly)).isPositive().isEqualTo(cost(exact));
    }

    @Test
    void whatTheClassesOfTokensCostComesToTheWhole() {
        use(1, 100);
        database.execute("""
                insert into price (model, version, valid_from, text_in_nano, text_out_nano) values ('gpt-realtime', 9, now(), 7000, 9000)
                """);
        use(101, 10, 9);
        database.query("select seal_ledger()");
        database.query("select roll_up(true)");
        use(111, 10, 9);
        UsageQuestion hourly = lastDays("none", List.of(), 0).widened();

        JsonObject summed = reports.usage(hourly).getFirst();
        JsonObject exact = reports.usage(
                        new UsageQuestion(hourly.from(), hourly.to(), "none", List.of("status"), 0, null, null, null))
                .getFirst();

        assertThat(hourly.hourly()).isTrue();
        assertThat(summed.getString("text_in_nano_usd"))
                .as("each version of the price for what was priced with it")
                .isEqualTo(String.valueOf(IntStream.rangeClosed(1, 100).sum() * 4_000L
                        + IntStream.rangeClosed(101, 120).sum() * 7_000L));
        assertThat(summed.getString("text_out_nano_usd")).isEqualTo(String.valueOf(100 * 16_000L + 20 * 9_000L));
        assertThat(COSTS.stream()
                        .map(summed::getString)
                        .mapToLong(Long::parseLong)
                        .sum())
                .isEqualTo(Long.parseLong(summed.getString("cost_nano_usd")));
        exact.remove("status");
        assertThat(summed).isEqualTo(exact);
    }

    @Test
    void theDearestStayApartAndTheOthersAreTogether() {
        use(1, 60);

        List<JsonObject> rows = reports.usage(lastDays("none", List.of("subject"), 2));

        assertThat(rows.stream().map(row -> row.getString("subject"))).containsExactly("s0", "s4", null);
        assertThat(rows.stream().mapToLong(row -> row.getLong("entries"))).containsExactly(12L, 12L, 36L);
        assertThat(reports.usage(lastDays("day", List.of("subject"), 2)).stream()
                        .mapToLong(row -> row.getLong("entries"))
                        .sum())
                .isEqualTo(60);
    }

    @Test
    void billingTellsClosedPeriodsWhatKeepsOthersOpenAndWhatWasCorrected() {
        database.execute("""
                select make_usage_partition(202601), make_usage_partition(to_char(now() at time zone 'UTC', 'YYYYMM')::int);
                insert into usage_entry (tenant_id, entry_id, period, subject, session_id, reference, work, kind, node, account,
                    model_asked, model_resolved, status, text_in, audio_in, image_in, cached_text, cached_audio, cached_image,
                    text_out, audio_out, reasoning_out, millis, price_version, cost_nano, event_time)
                values ('acme', gen_random_uuid(), 202601, '-', '-', 'report 4f', 'response', 'adjustment', 'reconcile', '*',
                    'gpt-realtime', 'gpt-realtime', 'reconciled', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, -750, '2026-01-15T00:00:00Z')
                """);
        database.query("select seal_ledger()");
        database.query("select close_period(202601)");

        JsonObject billing = reports.billing();

        List<JsonObject> periods = billing.getJsonArray("periods").stream()
                .map(JsonObject.class::cast)
                .toList();
        JsonObject closed = periods.getLast();
        assertThat(closed.getInteger("period")).isEqualTo(202601);
        assertThat(closed.getString("state")).isEqualTo("closed");
        assertThat(closed.getString("cost_nano_usd")).isEqualTo("-750");
        assertThat(closed.getJsonArray("obstacles")).isEmpty();
        assertThat(periods.getFirst().getString("state")).isEqualTo("open");
        assertThat(periods.getFirst().getJsonArray("obstacles").getString(0)).contains("lasts until");
        assertThat(billing.getJsonArray("corrections")).hasSize(1);
        assertThat(billing.getJsonArray("corrections").getJsonObject(0).getString("reference"))
                .isEqualTo("report 4f");
        assertThat(billing.getJsonObject("seals").getInteger("last")).isEqualTo(1);
        assertThat(billing.getJsonArray("burned")).isEmpty();
    }

    private UsageQuestion lastDays(String bucket, List<String> by, int top) {
        return new UsageQuestion(now.minus(10, ChronoUnit.DAYS), now, bucket, by, top, null, null, null);
    }

    @Test
    void liveSessionsAreFoundByTheirSubjectAndTheBeginOfTheirId() {
        database.execute("""
                insert into node (name, address, version) values ('n', 'a', 'v');
                insert into live_session (session_id, tenant_id, subject, model, node, epoch)
                select 'psn_' || i, 't', 'user-' || i, 'gpt-realtime', 'n', (select max(epoch) from node) from generate_series(1, 12) as i
                """);

        assertThat(sessions("SER-12")).containsExactly("psn_12");
        assertThat(sessions("psn_1")).containsExactly("psn_1", "psn_10", "psn_11", "psn_12");
        assertThat(sessions("sn_1")).isEmpty();
    }

    private List<String> sessions(String search) {
        return reports.liveSessions(new Page(null, 50), null, search).stream()
                .map(row -> row.getString("id"))
                .toList();
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
        use(from, number, 1);
    }

    private void use(int from, int number, int priceVersion) {
        database.execute("""
                select make_usage_partition(to_char(now() - make_interval(days => d), 'YYYYMM')::int) from generate_series(0, 10) as d
                """);
        database.execute("""
                insert into usage_entry (tenant_id, entry_id, period, subject, session_id, reference, work, kind, node, account,
                    model_asked, model_resolved, status, text_in, audio_in, image_in, cached_text, cached_audio, cached_image,
                    text_out, audio_out, reasoning_out, millis, price_version, cost_nano, event_time)
                select 't' || i %% 3, gen_random_uuid(), to_char(at at time zone 'UTC', 'YYYYMM')::int, 's' || i %% 5, 'psn_' || i,
                       'resp_' || i, 'response', 'usage', 'n', 'a', 'gpt-realtime', 'gpt-realtime', 'completed',
                       i, 0, 0, 0, 0, 0, 1, 0, 0, 0, %d, i * 1000, at
                from generate_series(%d, %d) as i
                cross join lateral (select now() - make_interval(mins => (i * 20) %% 12900) as at) as one
                """.formatted(priceVersion, from, from + number - 1));
    }
}
