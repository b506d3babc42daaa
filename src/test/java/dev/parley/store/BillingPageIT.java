package dev.parley.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.ledger.UsageEntries;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What the page for billing engineers shows can be run as it stands, by the role that it is meant for. */
class BillingPageIT {
    private static final Pattern BLOCK = Pattern.compile("```sql\n(.*?)```", Pattern.DOTALL);

    @Test
    void everyBlockOfThePageRunsAsTheRoleOfBilling() throws Exception {
        List<String> blocks = BLOCK.matcher(Files.readString(Path.of("src/docs/billing.md")))
                .results()
                .map((MatchResult found) -> found.group(1))
                .toList();
        assertThat(blocks).hasSizeGreaterThan(3);
        try (TestDatabase database = TestDatabase.create()) {
            new JdbcLedgerStore(database.database()).insert(List.of(UsageEntries.response("acme", "resp_1")));
            database.query("select seal_ledger()");
            for (String block : blocks) {
                database.database().withConnection("run a block of the page", connection -> {
                    try (var statement = connection.createStatement()) {
                        statement.execute("set role parley_billing");
                        statement.execute(block);
                        return statement.execute("reset role");
                    }
                });
            }
            assertThat(database.query("select seal_no from consumer_cursor where consumer = 'invoices'"))
                    .isEqualTo("1");
        }
    }
}
