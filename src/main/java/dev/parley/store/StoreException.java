package dev.parley.store;

import java.sql.BatchUpdateException;
import java.sql.SQLException;
import java.sql.SQLRecoverableException;
import java.sql.SQLTransientException;
import org.jspecify.annotations.Nullable;

/** Postgres did not do what was asked. The message never holds a password or a bound value. */
public final class StoreException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What a caller can do about it. */
    public enum Kind {
        /** Postgres is away, stopping, full or too slow, or two transactions met: the same again can succeed. */
        RETRYABLE,
        /** Postgres took the statement and refuses these very values: the same again never succeeds. */
        REJECTED_DATA,
        /** Something is set up wrongly (credentials, schema, rights): an operator has to act. */
        SETUP
    }

    private final Kind kind;

    public StoreException(Kind kind, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    /** @param doing what was being done, such as "write usage entries" */
    static StoreException of(String doing, SQLException failure) {
        SQLException cause = failure instanceof BatchUpdateException && failure.getNextException() != null
                ? failure.getNextException() // the batch's own message is the text of its statement
                : failure;
        String state = cause.getSQLState();
        String message = "could not " + doing + ": " + firstLine(cause) + (state == null ? "" : " [" + state + "]");
        return new StoreException(kindOf(cause), message, cause);
    }

    static StoreException noConnection(String jdbcUrl, SQLException cause) {
        return new StoreException(kindOf(cause), "no connection to " + jdbcUrl + ": " + firstLine(cause), cause);
    }

    public Kind kind() {
        return kind;
    }

    /** Whether the same call can succeed later. A commit may have happened all the same: repeat only what is idempotent. */
    public boolean isRetryable() {
        return kind == Kind.RETRYABLE;
    }

    static Kind kindOf(SQLException failure) {
        String state = failure.getSQLState();
        if (state == null || state.length() != 5) {
            boolean passing = failure instanceof SQLTransientException || failure instanceof SQLRecoverableException;
            return passing ? Kind.RETRYABLE : Kind.SETUP;
        }
        return kindOf(state);
    }

    /** By SQLSTATE, see Postgres' appendix "Error Codes": the class, and the few codes that differ from their class. */
    static Kind kindOf(String state) {
        return switch (state) {
            // read_only_sql_transaction: a standby on its way to be the primary; idle_in_transaction_session_timeout
            // and
            // transaction_timeout; lock_not_available
            case "25006", "25P03", "25P04", "55P03" -> Kind.RETRYABLE;
            case "57P04" -> Kind.SETUP; // database_dropped
            default ->
                switch (state.substring(0, 2)) {
                    // connection, transaction rollback (serialization, deadlock), resources, intervention, system,
                    // internal
                    case "08", "40", "53", "57", "58", "XX" -> Kind.RETRYABLE;
                    case "22", "23" -> Kind.REJECTED_DATA;
                    default -> Kind.SETUP;
                };
        };
    }

    /** pgjdbc appends detail lines that can hold values of the row. */
    private static String firstLine(SQLException cause) {
        String message = cause.getMessage();
        return message == null
                ? cause.getClass().getSimpleName()
                : message.lines().findFirst().orElse("");
    }
}
