package dev.parley.cli;

import dev.parley.administration.Actor;
import dev.parley.administration.AuditLog;
import dev.parley.store.Database;
import dev.parley.store.JdbcAuditLog;
import io.vertx.core.json.JsonObject;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** How commands note what they change in the audit log. */
final class CommandAudit {
    private CommandAudit() {}

    /**
     * What a command changes.
     *
     * @param action such as {@code tenant.set}
     * @param target such as {@code tenant/acme}
     * @param state of the target now, without secrets; null if there is none
     */
    record Change(String action, String target, Supplier<@Nullable JsonObject> state) {}

    /** Something that a command does, and may fail at. */
    interface Work {
        void run() throws Exception;
    }

    /** Does it and notes it, in one transaction. */
    static void audited(Database database, Change change, Work work) throws Exception {
        AuditLog audit = new JdbcAuditLog(database);
        try {
            audit.inTransaction(() -> {
                JsonObject before = change.state().get();
                try {
                    work.run();
                } catch (RuntimeException failure) {
                    throw failure;
                } catch (Exception failure) {
                    throw new Wrapped(failure);
                }
                JsonObject after = change.state().get();
                boolean same = before != null && before.equals(after);
                note(audit, change.action(), change.target(), same ? null : before, same ? null : after);
                return change;
            });
        } catch (Wrapped wrapped) {
            throw wrapped.failure;
        }
    }

    /** Notes what is done outside of a transaction; before it is done. */
    static void note(Database database, String action, String target) {
        note(new JdbcAuditLog(database), action, target, null, null);
    }

    private static void note(
            AuditLog audit, String action, String target, @Nullable JsonObject before, @Nullable JsonObject after) {
        audit.append(new AuditLog.Entry(Actor.command(), action, target, before, after));
    }

    /** Takes a checked exception through a supplier. */
    private static final class Wrapped extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final transient Exception failure;

        Wrapped(Exception failure) {
            super(failure);
            this.failure = failure;
        }
    }
}
