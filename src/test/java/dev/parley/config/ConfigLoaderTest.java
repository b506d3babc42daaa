package dev.parley.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.parley.config.EffectiveSetting.Origin;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigLoaderTest {
    private static final Path SHIPPED = Path.of("config/parley.yaml");

    @TempDir
    Path folder;

    @Test
    void shippedFileListsEveryKeyInOrder() throws Exception {
        List<String> problems = new ArrayList<>();
        List<String> listed = List.copyOf(ConfigFile.read(SHIPPED, problems).keySet());
        List<String> asked =
                defaults().effective().stream().map(EffectiveSetting::key).toList();

        assertThat(problems).isEmpty();
        assertThat(listed).containsExactlyElementsOf(asked);
    }

    @Test
    void shippedFileHoldsTheDefaults() throws Exception {
        LoadedConfig shipped = ConfigLoader.load(SHIPPED, Map.of());

        assertThat(shipped.effective()).isEqualTo(defaults().effective());
        assertThat(shipped.config()).isEqualTo(defaults().config());
        assertThat(shipped.effective())
                .allSatisfy(setting -> assertThat(setting.origin()).isEqualTo(Origin.DEFAULT));
    }

    @Test
    void shippedFileWritesOutEveryDefaultThatIsFixed() {
        Map<String, String> values = ConfigFile.read(SHIPPED, new ArrayList<>());

        assertThat(values.entrySet().stream()
                        .filter(entry -> entry.getValue().isEmpty())
                        .map(Map.Entry::getKey))
                .as("keys without a value: unset, or a default that follows from the machine")
                .containsExactly(
                        "http.tls-certificate",
                        "http.tls-key",
                        "admin.tls-certificate",
                        "admin.tls-key",
                        "admin.trusted-proxies",
                        "database.url",
                        "database.user",
                        "database.password",
                        "upstream.url",
                        "upstream.api-key",
                        "upstream.organization",
                        "upstream.project",
                        "upstream.trust",
                        "pool.warm-models",
                        "auth.key-file",
                        "oidc.issuer",
                        "oidc.client-id",
                        "oidc.client-secret",
                        "oidc.redirect-url",
                        "oidc.owner-groups",
                        "oidc.operator-groups",
                        "oidc.viewer-groups",
                        "traces.endpoint",
                        "traces.authorization",
                        "node.name",
                        "node.address");
    }

    @Test
    void environmentNamesAreThePromisedOnes() throws Exception {
        List<String> names = defaults().effective().stream()
                .map(setting -> EffectiveSetting.environmentName(setting.key()))
                .toList();

        assertThat(names)
                .contains(
                        "PARLEY_HTTP_PORT",
                        "PARLEY_ADMIN_PORT",
                        "PARLEY_DATABASE_URL",
                        "PARLEY_DATA_DIR",
                        "PARLEY_UPSTREAM_URL",
                        "PARLEY_UPSTREAM_API_KEY",
                        "PARLEY_HTTP_TLS_CERTIFICATE",
                        "PARLEY_SESSION_DRAIN_TIMEOUT",
                        "PARLEY_LOG_FORMAT")
                .doesNotHaveDuplicates();
    }

    @Test
    void environmentWinsOverFileAndFileOverDefault() throws Exception {
        Path file = write("""
                http:
                  port: 9001
                session:
                  drain-timeout: 5m
                """);

        LoadedConfig loaded = ConfigLoader.load(file, Map.of("PARLEY_HTTP_PORT", "9002"));

        assertThat(loaded.config().http().port()).isEqualTo(9002);
        assertThat(loaded.config().session().drainTimeout()).isEqualTo(Duration.ofMinutes(5));
        assertThat(loaded.effective())
                .contains(
                        new EffectiveSetting("http.port", "9002", Origin.ENVIRONMENT),
                        new EffectiveSetting("session.drain-timeout", "5m", Origin.FILE),
                        new EffectiveSetting("admin.port", "8081", Origin.DEFAULT));
    }

    @Test
    void everySettingCanBeSetByItsVariable() throws Exception {
        for (EffectiveSetting setting : defaults().effective()) {
            String variable = EffectiveSetting.environmentName(setting.key());
            ConfigException refused = catchThrowableOfType(
                    ConfigException.class, () -> ConfigLoader.load(null, Map.of(variable, "\u0000 99999999999")));

            assertThat(refused).as(variable).isNotNull();
            assertThat(refused.problems())
                    .anySatisfy(problem -> assertThat(problem).startsWith(variable + " = "));
        }
    }

    @Test
    void reportsAllMistakesTogether() throws Exception {
        Path file = write("""
                http:
                  port: 70000
                  prot: 80
                relay:
                  message-bytes-max: 4
                  transport: carrier-pigeon
                  fragments-max: [1, 2]
                session:
                  drain-timeout: 30
                nodes:
                  name: a
                log:
                  format: xml
                database:
                  url: mysql://root:hunter2@host/db
                """);

        ConfigException refused = catchThrowableOfType(
                ConfigException.class,
                () -> ConfigLoader.load(
                        file,
                        Map.of(
                                "PARLEY_UPSTREAM_API_KEY", "sk-\n-secret",
                                "PARLEY_NO_SUCH_THING", "1",
                                "PARLEY_HTTP_TLS_KEY", "/does/not/exist")));

        assertThat(Objects.requireNonNull(refused).problems())
                .containsExactlyInAnyOrder(
                        "http.port = 70000: must be a whole number from 0 to 65535",
                        "http.prot is not a setting; config/parley.yaml lists all of them",
                        "relay.message-bytes-max = 4: must be a size from 64KiB to 64MiB, such as 512KiB or 4MiB",
                        "relay.transport = carrier-pigeon: must be one of auto, io-uring, epoll, nio",
                        "relay.fragments-max must be a single value, not a list",
                        "session.drain-timeout = 30: must be a duration from 0s to 1h, such as 250ms, 30s, 5m or 1h",
                        "nodes.name is not a setting; did you mean node.name?",
                        "log.format = xml: must be one of text, json",
                        "database.url = mysql://root:****@host/db: must be a URL such as postgresql://host:5432/parley or jdbc:postgresql://host/parley",
                        "PARLEY_UPSTREAM_API_KEY = ****: must be a text without line breaks",
                        "PARLEY_NO_SUCH_THING (environment) is not a setting; config/parley.yaml lists all of them",
                        "PARLEY_HTTP_TLS_KEY = /does/not/exist: must be the path of a file that can be read");
    }

    @Test
    void aFullInputBufferFitsIntoAConversation() throws Exception {
        TurnConfig turn = ConfigLoader.load(
                        null,
                        Map.of(
                                "PARLEY_TURN_BUFFER_BYTES_MAX", "1MiB",
                                "PARLEY_TURN_CONVERSATION_AUDIO_BYTES_MAX", "1MiB",
                                "PARLEY_TURN_CONVERSATION_CHARACTERS_MAX", "50000",
                                "PARLEY_TURN_UPSTREAMS_MAX", "3"))
                .config()
                .turn();
        assertThat(turn.bufferBytesMax()).isEqualTo(1 << 20);
        assertThat(turn.conversationCharactersMax()).isEqualTo(50_000);
        assertThat(turn.upstreamsMax()).isEqualTo(3);

        ConfigException refused = catchThrowableOfType(
                ConfigException.class, () -> ConfigLoader.load(null, Map.of("PARLEY_TURN_BUFFER_BYTES_MAX", "9MiB")));
        assertThat(Objects.requireNonNull(refused).problems())
                .containsExactly("turn.buffer-bytes-max: must not be larger than turn.conversation-audio-bytes-max");
    }

    @Test
    void saysWhereTheYamlIsBroken() throws Exception {
        Path file = write("http:\n  port: 8080\n  port: 8081\n");

        ConfigException refused = catchThrowableOfType(ConfigException.class, () -> ConfigLoader.load(file, Map.of()));

        assertThat(Objects.requireNonNull(refused).problems())
                .singleElement()
                .satisfies(problem -> assertThat(problem).contains(", line 3: not valid YAML: Duplicate field 'port'"));
    }

    @Test
    void refusesAMissingFile() {
        Path missing = folder.resolve("missing.yaml");

        ConfigException refused =
                catchThrowableOfType(ConfigException.class, () -> ConfigLoader.load(missing, Map.of()));

        assertThat(Objects.requireNonNull(refused).problems())
                .containsExactly("cannot read " + missing + ": there is no such file");
    }

    @Test
    void saysWhyAFileCannotBeRead() throws Exception {
        Path latin = Files.write(folder.resolve("latin.yaml"), new byte[] {'a', ':', ' ', (byte) 0xe9});

        ConfigException encoding =
                catchThrowableOfType(ConfigException.class, () -> ConfigLoader.load(latin, Map.of()));
        ConfigException directory =
                catchThrowableOfType(ConfigException.class, () -> ConfigLoader.load(folder, Map.of()));

        assertThat(Objects.requireNonNull(encoding).problems())
                .containsExactly("cannot read " + latin + ": it is not UTF-8");
        assertThat(Objects.requireNonNull(directory).problems())
                .singleElement()
                .satisfies(problem -> assertThat(problem).doesNotContain("no such file"));
    }

    @Test
    void refusesASilenceThatNoPingCanBreak() {
        ConfigException refused = catchThrowableOfType(
                ConfigException.class, () -> ConfigLoader.load(null, Map.of("PARLEY_RELAY_PING_INTERVAL", "1m")));

        assertThat(Objects.requireNonNull(refused).problems())
                .containsExactly("relay.silence-max = 45s: must be longer than relay.ping-interval, 1m");
    }

    @Test
    void masksSecretsWhereverTheyCanStand() throws Exception {
        Path file = write("database:\n  password: ${DB_PASSWORD}\n");

        LoadedConfig loaded = ConfigLoader.load(
                file,
                Map.of(
                        "DB_PASSWORD",
                        "hunter1",
                        "OPENAI_API_KEY",
                        "sk-hunter2",
                        "PARLEY_DATABASE_URL",
                        "postgresql://parley:hunter3@db/parley?ssl=true&password=hunter4&x=y"));

        assertThat(Objects.requireNonNull(loaded.config().database().password()).reveal())
                .isEqualTo("hunter1");
        assertThat(loaded.toString()).doesNotContain("hunter1", "hunter2");
        assertThat(shown(loaded))
                .containsEntry("database.url", "postgresql://parley:****@db/parley?ssl=true&password=****&x=y")
                .containsEntry("database.password", "****")
                .containsEntry("upstream.api-key", "**** from OPENAI_API_KEY");
    }

    @Test
    void refusesASecretWhoseVariableIsNotSet() throws Exception {
        Path file = write("database:\n  password: ${DB_PASSWORD}\n");

        ConfigException refused = catchThrowableOfType(ConfigException.class, () -> ConfigLoader.load(file, Map.of()));

        assertThat(Objects.requireNonNull(refused).problems())
                .containsExactly("database.password = ${DB_PASSWORD}: the environment variable DB_PASSWORD is not set");
    }

    @Test
    void openAiKeyChoosesTheRealProvider() throws Exception {
        UpstreamConfig upstream = ConfigLoader.load(null, Map.of("OPENAI_API_KEY", "sk-1"))
                .config()
                .upstream();

        assertThat(upstream.accounts())
                .containsExactly(
                        AccountConfig.of("default", URI.create("wss://api.openai.com/v1"), new Secret("sk-1"), 5_000));
    }

    @Test
    void openAiKeyNeverGoesToAnotherHost() throws Exception {
        UpstreamConfig upstream = ConfigLoader.load(
                        null, Map.of("OPENAI_API_KEY", "sk-1", "PARLEY_UPSTREAM_URL", "ws://127.0.0.1:9000/v1"))
                .config()
                .upstream();

        assertThat(upstream.accounts())
                .containsExactly(AccountConfig.of("default", URI.create("ws://127.0.0.1:9000/v1"), null, 5_000));
    }

    @Test
    void theSimulatorCanBeAskedForInSpiteOfAKey() throws Exception {
        UpstreamConfig upstream = ConfigLoader.load(
                        null, Map.of("OPENAI_API_KEY", "sk-1", "PARLEY_UPSTREAM_URL", "simulator"))
                .config()
                .upstream();

        assertThat(upstream.accounts()).isEmpty();
        assertThat(upstream.simulator()).isTrue();
    }

    @Test
    void severalAccountsHaveNames() throws Exception {
        Path file = write("""
                upstream:
                  sessions-max: 300
                  accounts:
                    main:
                      api-key: ${MAIN_KEY}
                      organization: org-1
                    eu:
                      profile: azure
                      url: wss://eu.openai.azure.com/openai/v1
                      api-key: none
                      models: gpt-realtime=my-deployment, transcription
                      weight: 3
                      sessions-max: 40
                """);

        LoadedConfig loaded =
                ConfigLoader.load(file, Map.of("MAIN_KEY", "sk-main", "PARLEY_UPSTREAM_ACCOUNTS_EU_API_KEY", "sk-eu"));

        assertThat(loaded.config().upstream().accounts())
                .containsExactly(
                        new AccountConfig(
                                "main",
                                AccountConfig.Profile.OPENAI,
                                URI.create("wss://api.openai.com/v1"),
                                new Secret("sk-main"),
                                "org-1",
                                null,
                                null,
                                Map.of(),
                                1,
                                300),
                        new AccountConfig(
                                "eu",
                                AccountConfig.Profile.AZURE,
                                URI.create("wss://eu.openai.azure.com/openai/v1"),
                                new Secret("sk-eu"),
                                null,
                                null,
                                null,
                                Map.of("gpt-realtime", "my-deployment", "transcription", "transcription"),
                                3,
                                40));
        assertThat(shown(loaded))
                .containsEntry("upstream.accounts.eu.models", "gpt-realtime=my-deployment, transcription");
    }

    @Test
    void refusesAccountsThatAreNotWhole() throws Exception {
        Path file = write("""
                upstream:
                  api-key: sk-1
                  accounts:
                    Main:
                      profile: azure
                      models: a,,b
                      colour: red
                pool:
                  warm-min: 5
                  warm-max: 3
                """);

        ConfigException refused = catchThrowableOfType(ConfigException.class, () -> ConfigLoader.load(file, Map.of()));

        assertThat(Objects.requireNonNull(refused).problems())
                .containsExactly(
                        "upstream.accounts.Main: an account's name is made of small letters, digits and '-', at most 32",
                        "upstream.accounts.Main.url is not set",
                        "upstream.accounts.Main.api-key is not set",
                        "upstream.accounts.Main.models = a,,b: must be models with commas between them, such as"
                                + " gpt-realtime or gpt-realtime=my-deployment",
                        "upstream.api-key: not beside upstream.accounts; give each account its own",
                        "pool.warm-max = 3: must be 0, or at least pool.warm-min, 5",
                        "upstream.accounts.Main.colour is not a setting; config/parley.yaml lists all of them");
    }

    @Test
    void demoIsOnForTheEmbeddedDatabaseOnly() throws Exception {
        assertThat(defaults().config().node().demo()).isTrue();
        assertThat(ConfigLoader.load(null, Map.of("PARLEY_DATABASE_URL", "postgresql://db/parley"))
                        .config()
                        .node()
                        .demo())
                .isFalse();
    }

    private static LoadedConfig defaults() throws ConfigException {
        return ConfigLoader.load(null, Map.of());
    }

    private static Map<String, String> shown(LoadedConfig loaded) {
        return loaded.effective().stream().collect(Collectors.toMap(EffectiveSetting::key, EffectiveSetting::shown));
    }

    private Path write(String yaml) throws Exception {
        return Files.writeString(folder.resolve("parley.yaml"), yaml);
    }
}
