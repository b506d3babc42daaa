package dev.parley.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.domain.NanoUsd;
import dev.parley.ledger.LedgerStore.Outcome;
import dev.parley.ledger.UsageEntries;
import dev.parley.store.JdbcLedgerStore;
import dev.parley.store.TestDatabase;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code parley billing …} on a ledger of its own. The entries are of December 2025, 869 + 42 tokens in, 27 + 77 out. */
class BillingCommandsIT {
    private static final Instant NOON = Instant.parse("2025-12-20T12:00:00Z");
    private static final long COST = 7_184_800;

    private final TestDatabase database = TestDatabase.create();

    @TempDir
    Path folder;

    private String printed = "";

    @BeforeEach
    void configure() throws Exception {
        Files.writeString(folder.resolve("parley.yaml"), "database:\n  url: " + database.url() + "\n");
        for (String tenant : List.of("acme", "globex")) {
            assertThat(parley("tenant", "create", tenant)).isZero();
        }
    }

    @AfterEach
    void close() {
        database.close();
    }

    @Test
    void aMonthIsClosedOnceNothingStandsInItsWay() {
        write("resp_1");
        database.execute("insert into node (name, address, version) values ('busy', '127.0.0.1:1', 'test')");

        assertThat(billing("close", "202512")).isEqualTo(1);
        assertThat(printed).contains("node \"busy\"");
        database.execute("update node set writes_from = 202601");

        assertThat(billing("close", "202512")).isZero();
        assertThat(printed)
                .contains("period 202512 is closed: 1 entries, $0.0071848, all of them in the seals up to 1");
    }

    @Test
    void verifyWithACheckpointFindsSealsThatWereCutOff() throws Exception {
        String checkpoint = folder.resolve("checkpoint").toString();
        write("resp_1");
        database.query("select seal_ledger()");
        write("resp_2");
        database.query("select seal_ledger()");
        assertThat(billing("verify", "--checkpoint", checkpoint)).isZero();
        assertThat(Files.readString(Path.of(checkpoint))).startsWith("2 ");

        database.execute("""
                set session_replication_role = replica;
                delete from usage_entry where reference = 'resp_2'; delete from ledger_seal where seal_no = 2;
                reset session_replication_role
                """);

        assertThat(billing("verify")).as("what is left agrees with itself").isZero();
        assertThat(billing("verify", "--checkpoint", checkpoint)).isEqualTo(1);
        assertThat(printed).contains("seal 2 of the checkpoint is not there");
        assertThat(Files.readString(Path.of(checkpoint)))
                .as("it is not moved on")
                .startsWith("2 ");
        write("resp_3");
        database.query("select seal_ledger()");
        assertThat(billing("verify", "--checkpoint", checkpoint)).isEqualTo(1);
        assertThat(printed).contains("the chain of seal 2 is not the one of the checkpoint");
    }

    @Test
    void rebuildMakesTheHourlySumsAnew() {
        write("resp_1", "resp_2");
        database.query("select seal_ledger()");

        assertThat(billing("rebuild")).isZero();

        assertThat(printed).contains("up to seal 1");
        assertThat(database.query("select entries || ' ' || cost_nano from usage_rollup"))
                .isEqualTo("2 " + 2 * COST);
    }

    @Test
    void aReportThatAgreesChangesNothing() throws Exception {
        write("resp_1", "resp_2");
        String report = report("""
                date,model,requests,text_in,cached_text,audio_in,text_out,audio_out,cost_usd
                2025-12-20,gpt-realtime-2025-08-28,2,1738,1664,84,54,154,0.0143696
                """);

        assertThat(billing("reconcile", report, "--apply", "--yes")).isZero();

        assertThat(printed).contains("1 lines, 0 differ").contains("nothing to apply");
    }

    @Test
    void differencesBecomeAdjustmentsOnce() throws Exception {
        write("resp_1", "resp_2");
        String report = report("""
                date,model,requests,text_in,cost_usd
                2025-12-20,gpt-realtime,3,2738,0.02
                2025-12-20,gpt-4o-search,1,5,0.01
                """);

        assertThat(billing("reconcile", report)).isZero();
        assertThat(printed).contains("+1000", "+$0.0056304", "neither the catalogue nor the ledger knows this model");
        assertThat(number("select count(*) from usage_entry")).isEqualTo(2);

        for (String outcome : List.of("1 adjustments written", "nothing to apply")) {
            assertThat(billing("reconcile", report, "--apply", "--yes")).isZero();
            assertThat(printed).contains(outcome);
        }
        write("resp_late");
        assertThat(billing("reconcile", report, "--apply", "--yes")).isZero();
        assertThat(printed).contains("0 adjustments written, 1 were there from this report already");

        assertThat(database.query("""
                        select concat_ws('|', tenant_id, kind, period, model_resolved, text_in, audio_in, cost_nano)
                        from usage_entry where kind = 'adjustment'
                        """)).isEqualTo("(unattributed)|adjustment|202512|gpt-realtime|1000|0|5630400");
        database.query("select seal_ledger()");
        assertThat(billing("verify")).isZero();
    }

    @Test
    void aReportIsAppliedOnceWhosesoeverItIsSaidToBe() throws Exception {
        write("resp_1");
        String report = report("date,model,cost_usd\n2025-12-20,gpt-realtime,0.02\n");
        assertThat(billing("reconcile", report, "--apply", "--yes", "--tenant", "acme"))
                .isZero();
        write("resp_late");

        assertThat(billing("reconcile", report, "--apply", "--yes", "--tenant", "globex"))
                .isZero();

        assertThat(printed).contains("0 adjustments written, 1 were there from this report already");
        assertThat(number("select count(*) from usage_entry where kind = 'adjustment'"))
                .isEqualTo(1);
    }

    @Test
    void whatWasCorrectedAsAWholeIsNotCorrectedInPartsAgain() throws Exception {
        write("resp_1");
        String report = report("date,model,cost_usd\n2025-12-20,gpt-realtime,0.02\n");
        String allCosts = report("""
                {"data": [{"object": "bucket", "start_time": 1766188800, "end_time": 1766275200, "results": [
                  {"object": "organization.costs.result", "amount": {"value": 0.03, "currency": "usd"}}]}]}
                """);
        assertThat(billing("reconcile", allCosts, "--apply", "--yes")).isZero();
        assertThat(printed).contains("1 adjustments written");

        assertThat(billing("reconcile", report, "--apply", "--yes")).isEqualTo(1);
        assertThat(printed).contains("corrected before by a report of all models");
        assertThat(billing("reconcile", allCosts, "--apply", "--yes", "--account", "default"))
                .as("the part of one account of what was corrected for all")
                .isEqualTo(1);
        assertThat(number("select sum(cost_nano) from usage_entry")).isEqualTo(30_000_000);
    }

    @Test
    void namesThatNobodyHasAreNotBookedOn() throws Exception {
        write("resp_1");
        String report = report("date,model,cost_usd\n2025-12-20,gpt-realtime,0.02\n");

        assertThat(billing("reconcile", report, "--apply", "--yes", "--tenant", "acmee"))
                .isEqualTo(1);
        assertThat(printed).contains("there is no tenant 'acmee'");
        assertThat(billing("reconcile", report, "--apply", "--yes", "--account", "mian"))
                .isEqualTo(1);
        assertThat(printed).contains("no usage of an upstream account 'mian'");
        assertThat(number("select count(*) from usage_entry where kind = 'adjustment'"))
                .isZero();
    }

    @Test
    void anExportThatCannotBeWrittenSaysSo() {
        write("resp_1");
        database.query("select seal_ledger()");
        StringWriter errors = new StringWriter();
        PrintWriter full = new PrintWriter(Writer.nullWriter()) {
            @Override
            public boolean checkError() {
                return true;
            }
        };

        int code = Main.commandLine()
                .setOut(full)
                .setErr(new PrintWriter(errors, true))
                .execute(
                        "billing",
                        "export",
                        "--config",
                        folder.resolve("parley.yaml").toString());

        assertThat(code).isEqualTo(1);
        assertThat(errors.toString()).contains("seal 1 is not whole").doesNotContain("go on with");
    }

    @Test
    void withoutCostsTheDifferenceIsPriced() throws Exception {
        write("resp_1");
        String report = report("date,model,text_in,audio_out\n2025-12-20,gpt-realtime,1869,67\n");

        assertThat(billing("reconcile", report, "--apply", "--yes")).isZero();

        // gpt-realtime, by the price book: 4 dollars a million text tokens in, 64 for audio out
        assertThat(database.query("select text_in || ' ' || audio_out || ' ' || cost_nano || ' ' || price_version"
                        + " from usage_entry where kind = 'adjustment'"))
                .isEqualTo("1000 -10 " + (1_000 * 4_000 - 10 * 64_000) + " 1");
    }

    @Test
    void aCorrectionOfAClosedMonthIsBookedIntoTheNext() throws Exception {
        write("resp_1");
        database.execute("select make_usage_partition(202601)");
        assertThat(billing("close", "202512")).isZero();
        String report = report("date,model,cost_usd\n2025-12-20,gpt-realtime,0.01\n");

        for (int i = 0; i < 2; i++) {
            assertThat(billing("reconcile", report, "--apply", "--yes")).isZero();
        }

        assertThat(database.query("select string_agg(concat_ws('|', period, late_for, cost_nano), ' ') from usage_entry"
                        + " where kind = 'adjustment'"))
                .isEqualTo("202601|202512|2815200");
        database.query("select seal_ledger()");
        assertThat(billing("verify")).isZero();
    }

    @Test
    void whatADeadNodeHeldIsReleasedWhenTheReportTellsWhatWasSpentOfIt() throws Exception {
        write("resp_1");
        orphan("acme");
        String agrees = report("date,model,cost_usd\n2025-12-20,gpt-realtime,0.0071848\n2025-12-21,gpt-realtime,0\n");
        String shorter = report("date,model,cost_usd\n2025-12-20,gpt-realtime,0.0071848\n");
        String more = report("date,model,cost_usd\n2025-12-20,gpt-realtime,0.0171848\n2025-12-21,gpt-realtime,0\n");

        assertThat(billing("reconcile", shorter, "--apply", "--yes")).isZero();
        assertThat(printed).as("it ends before the node's last hour").contains("nothing to apply");
        assertThat(billing("reconcile", more)).isZero();
        assertThat(printed).contains("$0.09 of tenant acme (total), held by node gone", "stays burned");
        assertThat(billing("reconcile", agrees, "--apply", "--yes")).isZero();
        assertThat(printed).contains("0 adjustments written; 1 grants of dead nodes released");
        assertThat(database.query("select spent || ' ' || granted from budget_balance"))
                .isEqualTo("10000000 0");
    }

    @Test
    void whatTheProviderSawMoreCountsAgainstTheBudgetOfTheTenantWhoseItIs() throws Exception {
        write("resp_1");
        orphan("acme");
        String more = report("date,model,cost_usd\n2025-12-20,gpt-realtime,0.0171848\n2025-12-21,gpt-realtime,0\n");

        for (int i = 0; i < 2; i++) {
            assertThat(billing("reconcile", more, "--apply", "--yes", "--tenant", "acme"))
                    .isZero();
        }

        assertThat(database.query("select spent || ' ' || granted from budget_balance"))
                .isEqualTo("20000000 0");
        assertThat(database.query("select tenant_id || ' ' || cost_nano from usage_entry where kind = 'adjustment'"))
                .isEqualTo("acme 10000000");
        database.query("select seal_ledger()");
        assertThat(billing("verify")).isZero();
    }

    /** A node that died at 23:30 with ten cents of a budget of one dollar, of which it had settled one. */
    private void orphan(String tenant) {
        database.execute("""
                insert into node (name, address, version, started_at, heartbeat_at, ended_at, end_reason)
                values ('gone', '127.0.0.1:1', 'test', '2025-12-20 10:00Z', '2025-12-20 23:30Z', '2025-12-20 23:30Z', 'late');
                insert into budget_balance (tenant_id, limit_key, unit, hard, window_start, opening, spent, granted, limit_amount)
                values ('%s', 'total', 'money', true, 'epoch', 10000000, 0, 100000000, 1000000000);
                insert into budget_grant (balance_id, epoch, granted, settled, state)
                select b.id, n.epoch, 100000000, 10000000, 'orphan' from budget_balance b, node n
                """.formatted(tenant));
    }

    private String report(String text) throws Exception {
        Path file = Files.createTempFile(folder, "report", ".csv");
        return Files.writeString(file, text).toString();
    }

    private int billing(String... arguments) {
        return parley(Stream.concat(Stream.of("billing"), Stream.of(arguments)).toArray(String[]::new));
    }

    private int parley(String... arguments) {
        StringWriter text = new StringWriter();
        PrintWriter writer = new PrintWriter(text, true);
        String[] all = Stream.concat(
                        Stream.of(
                                arguments[0],
                                arguments[1],
                                "--config",
                                folder.resolve("parley.yaml").toString()),
                        Stream.of(arguments).skip(2))
                .toArray(String[]::new);
        int code = Main.commandLine().setOut(writer).setErr(writer).execute(all);
        printed = text.toString();
        return code;
    }

    private void write(String... references) {
        Outcome outcome = new JdbcLedgerStore(database.database())
                .insert(Stream.of(references)
                        .map(reference -> UsageEntries.response("acme", reference, 202512, new NanoUsd(COST), NOON))
                        .toList());
        assertThat(outcome).isEqualTo(new Outcome.Committed());
    }

    private long number(String sql) {
        return Long.parseLong(database.query(sql));
    }
}
