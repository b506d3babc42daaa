package dev.parley.config;

import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Makes a {@link BrokerConfig} of the YAML file and the environment. Every setting is asked for here, once, with its
 * default and its bounds; {@code config/parley.yaml} lists the same, held by a test.
 */
public final class ConfigLoader {
    /** Read when no file is named and this one exists, seen from the working folder. */
    public static final Path USUAL_FILE = Path.of("config", "parley.yaml");

    private static final int MIB = 1 << 20;

    private final SettingReader reader;
    private final Map<String, String> environment;

    private ConfigLoader(SettingReader reader, Map<String, String> environment) {
        this.reader = reader;
        this.environment = environment;
    }

    /** The file to read when the command line names {@code named}: that, else {@code PARLEY_CONFIG}, else the usual one. */
    public static @Nullable Path chooseFile(@Nullable Path named, Map<String, String> environment) {
        String variable = environment.getOrDefault(SettingReader.FILE_VARIABLE, "");
        if (named != null) {
            return named;
        }
        if (!variable.isEmpty()) {
            return Path.of(variable);
        }
        return Files.isRegularFile(USUAL_FILE) ? USUAL_FILE : null;
    }

    /**
     * Reads the settings.
     *
     * @param file null for defaults and environment alone
     * @throws ConfigException with all mistakes in the file and in the environment
     */
    public static LoadedConfig load(@Nullable Path file, Map<String, String> environment) throws ConfigException {
        List<String> problems = new ArrayList<>();
        Map<String, String> leaves = file == null ? Map.of() : ConfigFile.read(file, problems);
        SettingReader reader = new SettingReader(leaves, environment, problems);
        BrokerConfig config = new ConfigLoader(reader, environment).broker();
        reader.complainAboutTheUnknown();
        if (!problems.isEmpty()) {
            throw new ConfigException(problems);
        }
        return new LoadedConfig(config, reader.effective());
    }

    private BrokerConfig broker() {
        ListenerConfig http = listener("http", "0.0.0.0", 8080);
        ListenerConfig admin = listener("admin", "127.0.0.1", 8081);
        Networks adminProxies = reader.read("admin.trusted-proxies", ValueKind.networks(), Networks.NONE);
        DatabaseConfig database = database();
        UpstreamSettings upstream = new UpstreamSettings(reader, environment);
        return new BrokerConfig(
                http,
                admin,
                adminProxies,
                database,
                upstream.upstream(),
                upstream.pool(),
                relay(),
                auth(),
                session(),
                turn(),
                webhooks(),
                oidc(),
                traces(),
                node(database.url() == null),
                log());
    }

    private ListenerConfig listener(String section, String host, int port) {
        String chosenHost = reader.read(section + ".host", ValueKind.text("a host name or address", 255), host);
        int chosenPort = reader.read(section + ".port", ValueKind.number(0, 65_535), port);
        Path certificate = reader.readOptional(section + ".tls-certificate", ValueKind.readableFile());
        Path key = reader.readOptional(section + ".tls-key", ValueKind.readableFile());
        if ((certificate == null) != (key == null)) {
            reader.complain(section + ".tls-certificate and " + section + ".tls-key: set both, or neither");
        }
        return new ListenerConfig(chosenHost, chosenPort, certificate, key);
    }

    private DatabaseConfig database() {
        Path dataDir = reader.read("data-dir", ValueKind.path(), Path.of("data"));
        String url = reader.readOptional("database.url", ValueKind.postgresUrl());
        String user = reader.readOptional("database.user", ValueKind.text("at most 63 characters", 63));
        Secret password = reader.readOptional("database.password", ValueKind.secret());
        int poolSize = reader.read("database.pool-size", ValueKind.number(2, 200), 8);
        Duration acquire = seconds("database.acquire-timeout", 1, 60, 2);
        return new DatabaseConfig(url, user, password, dataDir, poolSize, acquire);
    }

    private RelayConfig relay() {
        RelayConfig relay = new RelayConfig(
                reader.read("relay.event-loops", ValueKind.number(0, 1_024), 0),
                reader.read(
                        "relay.transport", ValueKind.oneOf(RelayConfig.Transport.class), RelayConfig.Transport.AUTO),
                size("relay.message-bytes-max", 64 << 10, 64 * MIB, 21 * MIB),
                size("relay.upstream-message-bytes-max", 64 << 10, 256 * MIB, 32 * MIB),
                reader.read("relay.fragments-max", ValueKind.number(1, 65_536), 64),
                reader.read("relay.messages-per-second-max", ValueKind.number(1, 1_000_000), 500),
                size("relay.client-queue-bytes-max", 64 << 10, 256 * MIB, 8 * MIB),
                seconds("relay.client-queue-age-max", 1, 300, 5),
                size("relay.held-bytes-max", 64 << 10, 256 * MIB, 4 * MIB),
                seconds("relay.ping-interval", 1, 3_600, 20),
                seconds("relay.silence-max", 2, 3_600, 45));
        if (relay.silenceMax().compareTo(relay.pingInterval()) <= 0) {
            // An idle client has only its answers to pings to show that it lives.
            reader.complain("relay.silence-max = " + Units.show(relay.silenceMax())
                    + ": must be longer than relay.ping-interval, " + Units.show(relay.pingInterval()));
        }
        return relay;
    }

    private AuthConfig auth() {
        return new AuthConfig(
                reader.read("auth.audience", ValueKind.text("at most 255 characters", 255), "parley"),
                seconds("auth.token-lifetime-max", 60, 366 * 86_400, 86_400),
                seconds("auth.clock-skew", 0, 300, 30),
                reader.readOptional("auth.key-file", ValueKind.path()),
                reader.read("auth.jwks-allow-loopback", ValueKind.flag(), false),
                seconds("auth.recheck-interval", 1, 60, 15));
    }

    private SessionConfig session() {
        return new SessionConfig(
                reader.read("session.sessions-max", ValueKind.number(1, 1_000_000), 5_000),
                reader.read("session.output-tokens-min", ValueKind.number(1, 4_096), 16),
                seconds("session.cancel-timeout", 1, 300, 10),
                seconds("session.commit-timeout", 1, 3_600, 60),
                seconds("session.drain-timeout", 0, 3_600, 30),
                seconds("session.replace-before", 1, 1_800, 180),
                reader.read("session.ledger-places-max", ValueKind.number(16, 10_000_000), 50_000));
    }

    private TurnConfig turn() {
        TurnConfig usual = TurnConfig.STANDARD;
        TurnConfig turn = new TurnConfig(
                reader.read(
                        "turn.responses-per-upstream-max", ValueKind.number(1, 1_000), usual.responsesPerUpstreamMax()),
                reader.read("turn.upstreams-max", ValueKind.number(1, 10_000), usual.upstreamsMax()),
                reader.read("turn.waiting-max", ValueKind.number(0, 100_000), usual.waitingMax()),
                reader.read(
                        "turn.acquire-timeout",
                        ValueKind.duration(Duration.ofMillis(100), Duration.ofMinutes(1)),
                        usual.acquireTimeout()),
                seconds("turn.idle-max", 1, 3_600, usual.idleMax().toSeconds()),
                // A warm session is up to 5 minutes old when it is handed out, and the provider ends it after 60.
                seconds("turn.life-max", 10, 3_300, usual.lifeMax().toSeconds()),
                seconds("turn.silence-max", 1, 3_600, usual.silenceMax().toSeconds()),
                reader.read("turn.conversation-items-max", ValueKind.number(16, 100_000), usual.conversationItemsMax()),
                reader.read(
                        "turn.conversation-characters-max",
                        ValueKind.number(16_384, 20_000_000),
                        usual.conversationCharactersMax()),
                size("turn.conversation-audio-bytes-max", 64 << 10, 64 * MIB, usual.conversationAudioBytesMax()),
                size("turn.buffer-bytes-max", 64 << 10, 64 * MIB, usual.bufferBytesMax()));
        if (turn.bufferBytesMax() > turn.conversationAudioBytesMax()) {
            // A full buffer that is committed has to fit into the conversation.
            reader.complain("turn.buffer-bytes-max: must not be larger than turn.conversation-audio-bytes-max");
        }
        return turn;
    }

    private WebhookConfig webhooks() {
        return new WebhookConfig(reader.read("webhooks.allow-loopback", ValueKind.flag(), false));
    }

    private @Nullable OidcConfig oidc() {
        URI issuer = reader.readOptional("oidc.issuer", ValueKind.webUrl());
        String clientId = reader.readOptional("oidc.client-id", ValueKind.text("at most 255 characters", 255));
        Secret clientSecret = reader.readOptional("oidc.client-secret", ValueKind.secret());
        URI redirectUrl = reader.readOptional("oidc.redirect-url", ValueKind.webUrl());
        String label = reader.read("oidc.label", ValueKind.text("at most 40 characters", 40), "the company account");
        String nameClaim = reader.read("oidc.name-claim", ValueKind.text("at most 64 characters", 64), "email");
        String groupsClaim = reader.read("oidc.groups-claim", ValueKind.text("at most 64 characters", 64), "groups");
        Set<String> owners = reader.read("oidc.owner-groups", ValueKind.names(), Set.of());
        Set<String> operators = reader.read("oidc.operator-groups", ValueKind.names(), Set.of());
        Set<String> viewers = reader.read("oidc.viewer-groups", ValueKind.names(), Set.of());
        if (issuer == null) {
            return null;
        }
        if (clientId == null || redirectUrl == null || owners.size() + operators.size() + viewers.size() == 0) {
            reader.complain("oidc.issuer: needs oidc.client-id, oidc.redirect-url and one of oidc.owner-groups,"
                    + " oidc.operator-groups and oidc.viewer-groups");
            return null;
        }
        return new OidcConfig(
                issuer, clientId, clientSecret, redirectUrl, label, nameClaim, groupsClaim, owners, operators, viewers);
    }

    private TracesConfig traces() {
        return new TracesConfig(
                reader.readOptional("traces.endpoint", ValueKind.collectorUrl()),
                reader.readOptional("traces.authorization", ValueKind.secret()));
    }

    private NodeConfig node(boolean embedded) {
        String name = reader.read("node.name", ValueKind.text("at most 255 characters", 255), hostName());
        String address = reader.readOptional("node.address", ValueKind.text("a host name or address", 255));
        String demo = reader.read("node.demo", ValueKind.oneOf("auto", "true", "false"), "auto");
        return new NodeConfig(name, address, demo.equals("auto") ? embedded : demo.equals("true"));
    }

    private LogConfig log() {
        return new LogConfig(
                reader.read("log.format", ValueKind.oneOf(LogConfig.Format.class), LogConfig.Format.TEXT),
                reader.read("log.level", ValueKind.oneOf(LogConfig.Level.class), LogConfig.Level.INFO));
    }

    private Duration seconds(String key, long min, long max, long fallback) {
        ValueKind<Duration> kind = ValueKind.duration(Duration.ofSeconds(min), Duration.ofSeconds(max));
        return reader.read(key, kind, Duration.ofSeconds(fallback));
    }

    private int size(String key, int min, int max, int fallback) {
        return reader.read(key, ValueKind.size(min, max), fallback);
    }

    private static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "localhost";
        }
    }
}
