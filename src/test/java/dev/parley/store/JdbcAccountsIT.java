package dev.parley.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.auth.MasterKey;
import dev.parley.config.AccountConfig;
import dev.parley.config.AccountConfig.Profile;
import dev.parley.config.AuthConfig;
import dev.parley.config.Secret;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JdbcAccountsIT {
    private static final TestDatabase DB = TestDatabase.create();
    private static final String KEY = "sk-canary-0123456789";

    @TempDir
    static Path dataDir;

    private final JdbcAccounts accounts = accounts(dataDir);

    @AfterAll
    static void closeDatabase() {
        DB.close();
    }

    @BeforeEach
    void emptyTables() {
        DB.execute("delete from upstream_account; delete from upstream_reopening");
    }

    @Test
    void givesBackWhatWasAdded() {
        AccountConfig azure = azure();
        AccountConfig local = AccountConfig.of("local", URI.create("ws://127.0.0.1:9000/v1"), new Secret("x"), 7);
        assertThat(accounts.add(azure)).isTrue();
        assertThat(accounts.add(local)).isTrue();
        assertThat(accounts.add(azure)).as("a name is taken once").isFalse();

        assertThat(accounts.read().accounts()).containsExactly(azure, local);
        assertThat(accounts.remove("local")).isTrue();
        assertThat(accounts.remove("local")).isFalse();
        assertThat(accounts.read().accounts()).containsExactly(azure);
    }

    @Test
    void keysAreEncryptedAtRest() {
        accounts.add(azure());

        assertThat(DB.query("select row_to_json(a)::text from upstream_account a"))
                .doesNotContain(KEY);
        assertThat(DB.query("select encode(secret, 'escape') from upstream_account"))
                .doesNotContain(KEY);
    }

    @Test
    void aKeyIsReplacedAndTheOldOneDoesNotOpenInItsPlace() {
        accounts.add(azure());
        String old = DB.query("select encode(secret, 'hex') from upstream_account");
        assertThat(accounts.replaceKey("eu", new Secret("sk-new"))).isTrue();
        assertThat(accounts.replaceKey("nobody", new Secret("sk-new"))).isFalse();
        assertThat(Objects.requireNonNull(accounts.read().accounts().getFirst().apiKey())
                        .reveal())
                .isEqualTo("sk-new");

        DB.execute("update upstream_account set secret = decode('" + old + "', 'hex')");
        assertThat(accounts.read().accounts()).as("moved, so it is not used").isEmpty();
    }

    @Test
    void anotherMasterKeyOpensNothing(@TempDir Path otherDir) {
        accounts.add(azure());
        assertThat(accounts(otherDir).read().accounts()).isEmpty();
    }

    @Test
    void countsReopenings() {
        accounts.reopen("default");
        accounts.reopen("default");
        accounts.reopen("eu");

        assertThat(accounts.read().reopenings()).isEqualTo(Map.of("default", 2L, "eu", 1L));
    }

    private static AccountConfig azure() {
        return new AccountConfig(
                "eu",
                Profile.AZURE,
                URI.create("wss://eu.openai.azure.com/openai/v1"),
                new Secret(KEY),
                "org",
                "project",
                null,
                Map.of("gpt-realtime", "my-deployment", "transcription", "transcription"),
                3,
                40);
    }

    private static JdbcAccounts accounts(Path folder) {
        AuthConfig config =
                new AuthConfig("parley", Duration.ofHours(1), Duration.ZERO, null, false, Duration.ofSeconds(5));
        return new JdbcAccounts(DB.database(), MasterKey.open(config, folder));
    }
}
