package dev.parley.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** The schema as the migrations make it. */
class SchemaIT {
    private static final TestDatabase DB = TestDatabase.create();

    @AfterAll
    static void close() {
        DB.close();
    }

    @Test
    void everyModelHasExactlyOnePriceInForce() {
        assertThat(DB.query("select count(*) from model")).isEqualTo("24");
        assertThat(DB.query("select count(*) from price")).isEqualTo("24");
        assertThat(DB.query("select count(distinct model) from price")).isEqualTo("24");
    }

    @Test
    void partitionsOfThisMonthAndTheNextTwoExist() {
        assertThat(DB.query("select count(*) from pg_inherits where inhparent = 'usage_entry'::regclass"))
                .isEqualTo("3");
    }

    @Test
    void databasesOfTwoTestsShareNothing() {
        try (TestDatabase other = TestDatabase.create()) {
            other.execute("create table only_here (id int)");
            assertThatThrownBy(() -> DB.query("select count(*) from only_here"))
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining("only_here");
        }
    }
}
