package dev.parley.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.concurrent.Eventually;
import dev.parley.domain.SessionId;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import dev.parley.telemetry.ErrorRecorder.SessionError;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class JdbcErrorRecorderIT {
    @Test
    void recordsAnErrorWithAllItsFields() {
        try (TestDatabase db = TestDatabase.create();
                JdbcErrorRecorder recorder = new JdbcErrorRecorder(db.database())) {
            recorder.record(error("upstream_closed", "1006\0", 1011));
            recorder.record(error("plain", "x".repeat(5_000), null));

            Eventually.holds(
                    "both are there",
                    () -> db.query("select count(*) from session_error").equals("2"));
            assertThat(db.query("""
                    select concat_ws('|', tenant_id, subject, session_id, origin, code, detail, close_code,
                                     at at time zone 'UTC')
                    from session_error where code = 'upstream_closed'
                    """))
                    .isEqualTo("acme|alice|psn_1|upstream|upstream_closed|1006\uFFFD|1011|2026-11-21 10:00:00");
            assertThat(
                            db.query(
                                    "select length(detail) || ' ' || (close_code is null) from session_error where code = 'plain'"))
                    .isEqualTo("1000 true");
            assertThat(recorder.dropped()).isZero();
        }
    }

    @Test
    void dropsAndCountsWhatDoesNotFitAndNeverBlocks() {
        try (TestDatabase db = TestDatabase.create()) {
            db.execute("alter table session_error rename to elsewhere");
            JdbcErrorRecorder recorder = new JdbcErrorRecorder(db.database());
            for (int number = 0; number < JdbcErrorRecorder.QUEUE_MAX * 3; number++) {
                recorder.record(error("storm", "detail", null));
            }
            Eventually.holds(
                    "every one is dropped or refused",
                    () -> recorder.dropped() + recorder.waiting() == JdbcErrorRecorder.QUEUE_MAX * 3L);

            recorder.close();
            recorder.record(error("late", "after the end", null));

            Eventually.holds("all are counted", () -> recorder.dropped() == JdbcErrorRecorder.QUEUE_MAX * 3L + 1);
        }
    }

    @Test
    void closingWritesWhatWaits() {
        try (TestDatabase db = TestDatabase.create()) {
            JdbcErrorRecorder recorder = new JdbcErrorRecorder(db.database());
            for (int number = 0; number < 500; number++) {
                recorder.record(error("many", "detail", null));
            }
            recorder.close();

            assertThat(db.query("select count(*) from session_error")).isEqualTo("500");
        }
    }

    @Test
    void upkeepEndsOldErrorsAndMakesPartitions() {
        try (TestDatabase db = TestDatabase.create()) {
            db.execute("""
                    insert into session_error (tenant_id, origin, code, detail, at)
                    select 'acme', 'client', 'old', '', now() - interval '31 days' from generate_series(1, 10500)
                    union all select 'acme', 'client', 'new', '', now() - interval '29 days'
                    """);
            try (Upkeep _ = new Upkeep(db.database())) {
                assertThat(db.query("select string_agg(code, ',') from session_error"))
                        .isEqualTo("new");
            }
        }
    }

    private static SessionError error(String code, String detail, @Nullable Integer closeCode) {
        return new SessionError(
                new TenantId("acme"),
                new SubjectId("alice"),
                new SessionId("psn_1"),
                "upstream",
                code,
                detail,
                closeCode,
                Instant.parse("2026-11-21T10:00:00Z"));
    }
}
