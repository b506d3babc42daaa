package dev.parley.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.store.TestDatabase;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code parley audit verify} on a log with which somebody has meddled who owns the database. */
class AuditCommandIT {
    private static final int ENTRIES = 8;
    private final TestDatabase database = TestDatabase.create();

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    @BeforeEach
    void write() throws Exception {
        Files.writeString(
                folder.resolve("parley.yaml"),
                "data-dir: %s%ndatabase:%n  url: %s%n".formatted(folder, database.url()));
        for (int i = 1; i <= ENTRIES; i++) {
            database.execute("select append_audit('administrator:root', '127.0.0.1', 'tenant.change', 'tenant/t" + i
                    + "', '{}', '{\"sessions_max\":" + i + "}')");
        }
    }

    @AfterEach
    void close() {
        database.close();
    }

    @Test
    void aLogThatNobodyTouchedIsWell() throws Exception {
        String checkpoint = run("checkpoint").out();

        assertThat(checkpoint).startsWith(ENTRIES + ":");
        assertThat(run("verify").out()).isEqualTo("all is well up to " + checkpoint);
        assertThat(run("verify", "--checkpoint", checkpoint).code()).isZero();
        assertThat(run("verify", "--checkpoint", "8").code()).as("wrong usage").isEqualTo(2);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            edited              | update audit_entry set after = '{}' where no = 3 | entry 3 is not the one that was written
            deleted             | delete from audit_entry where no = 4             | entries 4 to 4 are missing
            reordered           | update audit_entry set no = case no when 5 then -6 when 6 then -5 end where no in (5, 6); \
                                  update audit_entry set no = -no where no < 0     | entry 5 is not the one that was written
            truncated           | delete from audit_entry where no > 5             | the log ends at entry 5, but 8 were written
            truncated with head | delete from audit_entry where no > 5; \
                                  update audit_head set no = 5, hash = (select hash from audit_entry where no = 5) \
                                | the log ends at entry 5, but the checkpoint knows entry 8
            """)
    void findsALogThatWas(String how, String meddling, String finding) throws Exception {
        String checkpoint = run("checkpoint").out();
        database.execute(
                "alter table audit_entry disable trigger all; alter table audit_entry drop constraint audit_entry_no_check");
        database.execute(meddling);

        Run run = run("verify", "--checkpoint", checkpoint);

        System.out.println("audit log " + how + ": parley audit verify says: "
                + run.out().lines().findFirst().orElse(""));
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.out().lines()).contains(finding);
        assertThat(run.err()).contains("found");
    }

    private record Run(int code, String out, String err) {}

    private Run run(String... arguments) throws IOException {
        List<String> all = new ArrayList<>(List.of("audit"));
        all.addAll(List.of(arguments));
        all.addAll(List.of("--config", folder.resolve("parley.yaml").toString()));
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = Main.commandLine()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(all.toArray(String[]::new));
        return new Run(code, out.toString().strip(), err.toString().strip());
    }
}
