package dev.parley.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.domain.NanoUsd;
import dev.parley.domain.SubjectId;
import dev.parley.ledger.LedgerStore.Outcome;
import dev.parley.ledger.UsageEntries;
import dev.parley.ledger.UsageEntry;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class JdbcLedgerStoreIT {
    private static final TestDatabase DB = TestDatabase.create();
    private final JdbcLedgerStore store = new JdbcLedgerStore(DB.database());

    @AfterAll
    static void close() {
        DB.close();
    }

    @Test
    void writesEveryFieldOfAnEntry() {
        UsageEntry entry = UsageEntries.response("fields", "resp_1");

        assertThat(store.insert(List.of(entry))).isEqualTo(new Outcome.Committed());

        assertThat(DB.query("""
                select concat_ws('|', tenant_id, entry_id, period, subject, session_id, upstream_session, reference, work,
                       kind, node, account, model_asked, model_resolved, coalesce(model_reported, '-'), status, text_in,
                       audio_in, image_in, cached_text, cached_audio, cached_image, text_out, audio_out, reasoning_out,
                       millis, price_version, cost_nano, event_time at time zone 'UTC')
                from usage_entry where tenant_id = 'fields'
                """))
                .isEqualTo("fields|" + entry.id() + "|202611|alice|psn_1|sess_1|resp_1|response|usage|node-1|default"
                        + "|gpt-realtime|gpt-realtime|-|completed|869|42|0|832|0|0|27|77|0|0|1|10000000"
                        + "|2026-11-21 10:00:00");
    }

    @Test
    void theSameEntryTwiceIsOneRow() {
        List<UsageEntry> entries = List.of(UsageEntries.response("twice", "a"), UsageEntries.response("twice", "b"));

        store.insert(entries);
        Outcome again = store.insert(
                List.of(entries.getFirst(), UsageEntries.response("twice", "c"), UsageEntries.response("twice", "c")));

        assertThat(again).isEqualTo(new Outcome.Committed());
        assertThat(DB.query("select count(*) from usage_entry where tenant_id = 'twice'"))
                .isEqualTo("3");
    }

    @Test
    void writesAFullGroup() {
        List<UsageEntry> entries = IntStream.range(0, 500)
                .mapToObj(number -> UsageEntries.response("many", "resp_" + number))
                .toList();

        assertThat(store.insert(entries)).isEqualTo(new Outcome.Committed());
        assertThat(DB.query("select count(*) from usage_entry where tenant_id = 'many'"))
                .isEqualTo("500");
    }

    @Test
    void anEntryOfAMonthWithoutPartitionGetsOne() {
        UsageEntry late = UsageEntries.response(
                "later", "resp_1", 202912, NanoUsd.ofUsd("0.01"), Instant.parse("2029-12-31T23:59:59Z"));

        assertThat(store.insert(List.of(late))).isEqualTo(new Outcome.Committed());
        assertThat(DB.query("select tableoid::regclass from usage_entry where tenant_id = 'later'"))
                .isEqualTo("usage_entry_202912");
    }

    @Test
    void anEntryThatPostgresRefusesIsRejectedAndTakesTheGroupWithIt() {
        UsageEntry good = UsageEntries.response("poison", "good");
        UsageEntry negative =
                UsageEntries.response("poison", "bad", 202611, new NanoUsd(-1), Instant.parse("2026-11-21T10:00:00Z"));
        UsageEntry noMonth =
                UsageEntries.response("poison", "bad", 13, NanoUsd.ZERO, Instant.parse("2026-11-21T10:00:00Z"));

        assertThat(store.insert(List.of(good, negative)))
                .isInstanceOfSatisfying(
                        Outcome.Rejected.class,
                        rejected -> assertThat(rejected.why())
                                .contains("check constraint")
                                .doesNotContain("alice"));
        assertThat(store.insert(List.of(good, noMonth))).isInstanceOf(Outcome.Rejected.class);
        assertThat(DB.query("select count(*) from usage_entry where tenant_id = 'poison'"))
                .isEqualTo("0");
    }

    @Test
    void aZeroCharacterInASubjectDoesNotKeepUsageOut() {
        UsageEntry plain = UsageEntries.response("zero", "resp_1");
        UsageEntry odd = new UsageEntry(
                plain.id(),
                plain.tenant(),
                new SubjectId("a\0b\ud800c"),
                plain.session(),
                null,
                plain.reference(),
                plain.work(),
                plain.kind(),
                plain.period(),
                plain.node(),
                plain.account(),
                plain.modelAsked(),
                plain.modelResolved(),
                plain.modelReported(),
                plain.status(),
                plain.tokens(),
                plain.millis(),
                plain.priceVersion(),
                plain.cost(),
                plain.eventTime(),
                plain.reservedAt(),
                List.of());

        assertThat(store.insert(List.of(odd))).isEqualTo(new Outcome.Committed());
        assertThat(DB.query("select subject from usage_entry where tenant_id = 'zero'"))
                .startsWith("a\uFFFDb");
    }

    @Test
    void nobodyChangesOrDeletesARow() {
        store.insert(List.of(UsageEntries.response("frozen", "resp_1")));

        for (String change : List.of(
                "update usage_entry set cost_nano = 0 where tenant_id = 'frozen'",
                "delete from usage_entry where tenant_id = 'frozen'",
                "delete from usage_entry_202611 where tenant_id = 'frozen'",
                "truncate usage_entry",
                "truncate usage_entry_202611")) {
            assertThatThrownBy(() -> DB.execute(change)).as(change).hasMessageContaining("append-only");
        }
        assertThat(DB.query("select cost_nano from usage_entry where tenant_id = 'frozen'"))
                .isEqualTo("10000000");
    }
}
