package dev.parley.invariants;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.domain.NanoUsd;
import dev.parley.ledger.LedgerStore.Outcome;
import dev.parley.ledger.UsageEntries;
import dev.parley.ledger.UsageEntry;
import dev.parley.store.JdbcBilling;
import dev.parley.store.JdbcLedgerStore;
import dev.parley.store.TestDatabase;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * A ledger that finds itself in a cluster whose transaction numbers are behind its own, as after a logical restore. Here the
 * ledger's numbers are moved ahead instead.
 */
class RestoredLedgerIT {
    private final TestDatabase database = TestDatabase.create();
    private final JdbcLedgerStore ledger = new JdbcLedgerStore(database.database());
    private final JdbcBilling billing = new JdbcBilling(database.database());

    @AfterEach
    void close() {
        database.close();
    }

    @Test
    void sealsGoOnInANewEpochAndNothingIsWrittenIntoOldOnes() {
        write("resp_1", "resp_2");
        database.query("select seal_ledger()");
        write("resp_3"); // not sealed when it was dumped
        moveAhead(1_000_000_000_000L);
        assertThat(billing.problems())
                .as("the restored ledger agrees with itself")
                .isEmpty();

        Outcome early = ledger.insert(List.of(entry("resp_4")));

        assertThat(early).isInstanceOf(Outcome.Unknown.class);
        assertThat(database.query("select seal_ledger()"))
                .as("begins the epoch")
                .isEqualTo("null");
        write("resp_4", "resp_1");
        database.query("select seal_ledger()");
        write("resp_5");
        database.query("select seal_ledger()");
        assertThat(database.query("select max(epoch) from ledger_epoch")).isEqualTo("2");
        assertThat(database.query("""
                        select string_agg(seal_no || ':' || names, ' ' order by seal_no) from (
                            select seal_no, string_agg(reference, ',' order by reference) as names
                            from billing.usage group by seal_no) as seals
                        """)).isEqualTo("1:resp_1,resp_2 2:resp_3,resp_4 3:resp_5");
        assertThat(billing.problems()).isEmpty();
    }

    @Test
    void aLedgerWithNothingSealedIsSealedAfterTheRestoreToo() {
        write("resp_1");
        moveAhead(1_000_000_000_000L);

        database.query("select seal_ledger()");
        write("resp_2");
        database.query("select seal_ledger()");

        assertThat(database.query("select string_agg(reference, ',' order by reference) from billing.usage"))
                .isEqualTo("resp_1,resp_2");
        assertThat(billing.problems()).isEmpty();
    }

    @Test
    void aClusterThatStaysHasOneEpoch() {
        for (int i = 0; i < 5; i++) {
            write("resp_" + i);
            database.query("select seal_ledger()");
        }
        assertThat(database.query("select max(epoch) from ledger_epoch")).isEqualTo("1");
    }

    private void moveAhead(long distance) {
        database.execute("""
                begin;
                set local session_replication_role = replica;
                update usage_entry set xid = shifted(xid, %1$d);
                update ledger_seal set xid_hi = shifted(xid_hi, %1$d);
                update ledger_seal set digest = (seal_of(xid_lo, xid_hi)).digest;
                update ledger_seal set chain = sha256(digest);
                commit
                """.formatted(distance));
    }

    private void write(String... references) {
        assertThat(ledger.insert(List.of(references).stream()
                        .map(RestoredLedgerIT::entry)
                        .toList()))
                .isEqualTo(new Outcome.Committed());
    }

    private static UsageEntry entry(String reference) {
        return UsageEntries.response("acme", reference, 202611, new NanoUsd(7), Instant.parse("2026-11-21T10:00:00Z"));
    }
}
