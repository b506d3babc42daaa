package dev.parley.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.administration.Actor;
import dev.parley.administration.AuditLog.Checkpoint;
import dev.parley.administration.AuditLog.Entry;
import io.vertx.core.json.JsonObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What somebody with the database's superuser can do to the audit log, and what the verification says of it. */
class JdbcAuditLogIT {
    private static final int ENTRIES = 12;
    private static final String REBUILT = """
            do $$
            declare
                one audit_entry;
                previous bytea := '';
            begin
                for one in select * from audit_entry order by no loop
                    update audit_entry set hash = audit_digest(previous, one) where no = one.no returning hash into previous;
                end loop;
                update audit_head set hash = previous;
            end
            $$
            """;

    private final TestDatabase database = TestDatabase.create();
    private final JdbcAuditLog audit = new JdbcAuditLog(database.database());

    @BeforeEach
    void write() {
        for (int i = 1; i <= ENTRIES; i++) {
            audit.append(new Entry(
                    new Actor("administrator:root", "127.0.0.1"),
                    "tenant.change",
                    "tenant/t" + i,
                    new JsonObject().put("sessions_max", i),
                    new JsonObject().put("sessions_max", i + 1)));
        }
    }

    @AfterEach
    void close() {
        database.close();
    }

    @Test
    void aLogThatNobodyTouchedHolds() {
        assertThat(audit.problems(null)).isEmpty();
        assertThat(audit.problems(audit.checkpoint())).isEmpty();
        assertThat(audit.checkpoint().no()).isEqualTo(ENTRIES);
    }

    @Test
    void theTableRefusesWhatIsNotAnAppend() {
        for (String change :
                new String[] {"update audit_entry set actor = 'x'", "delete from audit_entry", "truncate audit_entry"
                }) {
            assertThatThrownBy(() -> database.execute(change)).hasMessageContaining("append-only");
        }
        assertThat(audit.problems(null)).isEmpty();
    }

    @Test
    void findsAnEdit() {
        tamper("update audit_entry set after = '{\"sessions_max\":99}' where no = 5");
        assertThat(audit.problems(null)).containsExactly("entry 5 is not the one that was written");
    }

    @Test
    void findsADeletion() {
        tamper("delete from audit_entry where no in (4, 5)");
        assertThat(audit.problems(null)).containsExactly("entries 4 to 5 are missing");
    }

    @Test
    void findsTheFirstEntriesGone() {
        tamper("delete from audit_entry where no <= 3");
        assertThat(audit.problems(null)).contains("entries 1 to 3 are missing");
    }

    @Test
    void findsAReordering() {
        tamper(
                "update audit_entry set no = 100 where no = 6",
                "update audit_entry set no = 6 where no = 7",
                "update audit_entry set no = 7 where no = 100");
        assertThat(audit.problems(null))
                .contains("entry 6 is not the one that was written", "entry 7 is not the one that was written");
    }

    @Test
    void findsATruncationByTheHead() {
        tamper("delete from audit_entry where no > 9");
        assertThat(audit.problems(null)).containsExactly("the log ends at entry 9, but 12 were written");
    }

    @Test
    void findsATruncationWithTheHeadPutBackByACheckpoint() {
        Checkpoint kept = audit.checkpoint();
        tamper(
                "delete from audit_entry where no > 9",
                "update audit_head set no = 9, hash = (select hash from audit_entry where no = 9)");

        assertThat(audit.problems(null)).as("the log by itself").isEmpty();
        assertThat(audit.problems(kept)).containsExactly("the log ends at entry 9, but the checkpoint knows entry 12");
    }

    @Test
    void findsALogThatWasWrittenAnewByACheckpoint() {
        Checkpoint kept = audit.checkpoint();
        tamper("update audit_entry set actor = 'administrator:mallory' where no = 5", REBUILT);

        assertThat(audit.problems(null)).as("the log by itself").isEmpty();
        assertThat(audit.problems(kept)).containsExactly("entry 12 is not the one that the checkpoint knows");
    }

    @Test
    void aFieldCannotPassForAnother() {
        tamper("update audit_entry set actor = actor || address, address = '' where no = 3");
        assertThat(audit.problems(null)).containsExactly("entry 3 is not the one that was written");
    }

    /** As somebody for whom the triggers are no hindrance. */
    private void tamper(String... changes) {
        database.execute("alter table audit_entry disable trigger all");
        for (String change : changes) {
            database.execute(change);
        }
        database.execute("alter table audit_entry enable trigger all");
    }
}
