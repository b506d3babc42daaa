package dev.parley.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PostgresUrlTest {
    @Test
    void takesCredentialsOutOfTheAuthority() {
        PostgresUrl url =
                PostgresUrl.parse("postgresql://par%40ley:p%3As+s%2Fw@db.example:5433/parley?sslmode=require");

        assertThat(url.jdbcUrl()).isEqualTo("jdbc:postgresql://db.example:5433/parley?sslmode=require");
        assertThat(url.user()).isEqualTo("par@ley");
        assertThat(url.password()).isEqualTo("p:s+s/w");
    }

    @Test
    void takesCredentialsOutOfTheParameters() {
        PostgresUrl url = PostgresUrl.parse(
                "jdbc:postgresql://127.0.0.1/parley?user=parley&ssl=false&password=secret&loggerLevel=OFF");

        assertThat(url.jdbcUrl()).isEqualTo("jdbc:postgresql://127.0.0.1/parley?ssl=false&loggerLevel=OFF");
        assertThat(url.user()).isEqualTo("parley");
        assertThat(url.password()).isEqualTo("secret");
    }

    @Test
    void needsNoCredentials() {
        PostgresUrl url = PostgresUrl.parse("postgres://[::1]:5432/parley");

        assertThat(url).isEqualTo(new PostgresUrl("jdbc:postgresql://[::1]:5432/parley", null, null));
    }

    @Test
    void acceptsSeveralHosts() {
        assertThat(PostgresUrl.parse("postgresql://u:p@a:5432,b:5432/parley?targetServerType=primary")
                        .jdbcUrl())
                .isEqualTo("jdbc:postgresql://a:5432,b:5432/parley?targetServerType=primary");
    }

    @Test
    void neverShowsThePassword() {
        assertThat(PostgresUrl.parse("postgresql://parley:hunter2@db/parley").toString())
                .doesNotContain("hunter2");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mysql://parley:hunter2@db/parley",
                "jdbc:mysql://parley:hunter2@db/parley",
                "parley:hunter2@db/parley",
                "postgresql://parley:hunter2@db",
                "postgresql://parley:hunter2@db/",
                "postgresql:///parley",
                "postgresql://par ley:hunter2@db/parley",
                ""
            })
    void saysWhatIsWrongWithoutThePassword(String text) {
        assertThatThrownBy(() -> PostgresUrl.parse(text))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("the database URL cannot be used")
                .hasMessageNotContaining("hunter2");
    }
}
