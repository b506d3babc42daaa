package dev.parley.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.ledger.UsageEntries;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the page for billing engineers shows can be run as it stands, by the role that it is meant for. */
class BillingPageIT {
    private static final Pattern BLOCK = Pattern.compile("```sql\n(.*?)```", Pattern.DOTALL);
    private static final Pattern CONSUMER = Pattern.compile("billing\\.next\\('(\\w+)'");

    private final TestDatabase database = TestDatabase.create();

    @AfterEach
    void close() {
        database.close();
    }

    @Test
    void everyBlockOfThePageRunsAsTheRoleOfBilling() throws Exception {
        assertThat(blocks()).hasSizeGreaterThan(3);
        write("resp_1");
        database.query("select seal_ledger()");
        for (String block : blocks()) {
            asBilling(statement -> statement.execute(block));
        }
        assertThat(cursor("invoices")).isEqualTo("1");
    }

    @Test
    void aSealThatComesWhileAJobRunsIsLeftToItsNextRun() throws Exception {
        for (String job : jobs()) {
            database.execute("select billing.next('" + consumer(job) + "')");
            database.execute(
                    "update consumer_cursor set seal_no = (select coalesce(max(seal_no), 0) from ledger_seal)");
            String dealtWith = cursor(consumer(job));
            write("resp_of_" + consumer(job));
            asBilling(statement -> {
                statement.execute(untilCommit(job));
                assertThat(database.query("select seal_ledger()")).isNotEqualTo("null");
                statement.execute(fromCommit(job));
            });
            assertThat(cursor(consumer(job)))
                    .as("what %s has not seen it has not dealt with", consumer(job))
                    .isEqualTo(dealtWith);
        }
    }

    @Test
    void ofTwoRunsOfAJobTheSlowerFails() throws Exception {
        for (String job : jobs()) {
            database.execute("select billing.next('" + consumer(job) + "')");
            write("resp_1_of_" + consumer(job));
            database.query("select seal_ledger()");
            write("resp_2_of_" + consumer(job));
            asBilling(statement -> {
                statement.execute(untilCommit(job));
                asBilling(faster -> faster.execute(job));
                database.query("select seal_ledger()");
                assertThatThrownBy(() -> statement.execute(fromCommit(job)))
                        .hasMessageContaining("another run of it has been faster");
                statement.execute("rollback");
            });
        }
    }

    private static List<String> blocks() throws Exception {
        return BLOCK.matcher(Files.readString(Path.of("src/docs/billing.md")))
                .results()
                .map((MatchResult found) -> found.group(1))
                .toList();
    }

    /** The blocks that move a cursor. */
    private static List<String> jobs() throws Exception {
        List<String> jobs = blocks().stream()
                .filter(block -> block.contains("billing.commit("))
                .toList();
        assertThat(jobs).hasSizeGreaterThan(1);
        return jobs;
    }

    private static String consumer(String job) {
        return CONSUMER.matcher(job).results().findFirst().orElseThrow().group(1);
    }

    private static String untilCommit(String job) {
        return job.substring(0, job.indexOf("select billing.commit("));
    }

    private static String fromCommit(String job) {
        return job.substring(job.indexOf("select billing.commit("));
    }

    private String cursor(String consumer) {
        return database.query("select seal_no from consumer_cursor where consumer = '" + consumer + "'");
    }

    private void write(String reference) {
        new JdbcLedgerStore(database.database()).insert(List.of(UsageEntries.response("acme", reference)));
    }

    private void asBilling(Run run) {
        database.database().withConnection("run a block of the page", (Connection connection) -> {
            try (Statement statement = connection.createStatement()) {
                statement.execute("set role parley_billing");
                run.with(statement);
                return statement.execute("reset role");
            }
        });
    }

    @FunctionalInterface
    private interface Run {
        void with(Statement statement) throws SQLException;
    }
}
