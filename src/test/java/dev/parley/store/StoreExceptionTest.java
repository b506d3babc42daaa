package dev.parley.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.store.StoreException.Kind;
import java.sql.SQLException;
import java.sql.SQLRecoverableException;
import java.sql.SQLTransientConnectionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StoreExceptionTest {
    @ParameterizedTest
    @CsvSource({
        "08000, RETRYABLE", // connection_exception
        "08001, RETRYABLE", // unable to connect
        "08006, RETRYABLE", // connection_failure
        "22001, REJECTED_DATA", // string_data_right_truncation
        "22003, REJECTED_DATA", // numeric_value_out_of_range
        "22021, REJECTED_DATA", // character_not_in_repertoire
        "22023, REJECTED_DATA", // invalid_parameter_value
        "23502, REJECTED_DATA", // not_null_violation
        "23503, REJECTED_DATA", // foreign_key_violation
        "23505, REJECTED_DATA", // unique_violation
        "23514, REJECTED_DATA", // check_violation
        "23001, REJECTED_DATA", // restrict_violation: the ledger is append-only
        "25006, RETRYABLE", // read_only_sql_transaction
        "25P02, SETUP", // in_failed_sql_transaction: a bug
        "25P03, RETRYABLE", // idle_in_transaction_session_timeout
        "25P04, RETRYABLE", // transaction_timeout
        "28000, SETUP", // invalid_authorization_specification
        "28P01, SETUP", // invalid_password
        "3D000, SETUP", // invalid_catalog_name
        "40001, RETRYABLE", // serialization_failure
        "40P01, RETRYABLE", // deadlock_detected
        "42501, SETUP", // insufficient_privilege
        "42601, SETUP", // syntax_error
        "42P01, SETUP", // undefined_table
        "53100, RETRYABLE", // disk_full
        "53200, RETRYABLE", // out_of_memory
        "53300, RETRYABLE", // too_many_connections
        "55000, SETUP", // object_not_in_prerequisite_state
        "55P03, RETRYABLE", // lock_not_available
        "57014, RETRYABLE", // query_canceled, by statement_timeout too
        "57P01, RETRYABLE", // admin_shutdown
        "57P02, RETRYABLE", // crash_shutdown
        "57P03, RETRYABLE", // cannot_connect_now
        "57P04, SETUP", // database_dropped
        "58030, RETRYABLE", // io_error
        "0A000, SETUP", // feature_not_supported
        "P0001, SETUP", // raise_exception without a code
        "XX000, RETRYABLE", // internal_error
    })
    void knowsWhatCanBeTriedAgain(String state, Kind kind) {
        StoreException failure = StoreException.of("do it", new SQLException("no", state));

        assertThat(failure.kind()).isEqualTo(kind);
        assertThat(failure.isRetryable()).isEqualTo(kind == Kind.RETRYABLE);
        assertThat(failure).hasMessage("could not do it: no [" + state + "]");
    }

    @Test
    void withoutAStateTheTypeDecides() {
        assertThat(StoreException.kindOf(new SQLTransientConnectionException("pool timeout")))
                .isEqualTo(Kind.RETRYABLE);
        assertThat(StoreException.kindOf(new SQLRecoverableException("gone"))).isEqualTo(Kind.RETRYABLE);
        assertThat(StoreException.kindOf(new SQLException("what"))).isEqualTo(Kind.SETUP);
    }

    @Test
    void theMessageLeavesOutTheDetailThatHoldsValues() {
        SQLException cause =
                new SQLException("ERROR: duplicate key\n  Detail: Key (secret)=(hunter2) already exists.", "23505");

        assertThat(StoreException.of("write", cause)).hasMessage("could not write: ERROR: duplicate key [23505]");
    }
}
