package dev.parley.config;

import dev.parley.config.AccountConfig.Profile;
import dev.parley.config.EffectiveSetting.Origin;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The sections {@code upstream} and {@code pool}: one account in the short form, or several by name. */
final class UpstreamSettings {
    /** Where the provider is when only a key is given. */
    private static final URI OPENAI = URI.create("wss://api.openai.com/v1");

    /** The value of {@code upstream.url} that asks for the built-in simulator even when a key is at hand. */
    private static final String SIMULATOR = "simulator";

    private static final String ACCOUNTS = "upstream.accounts";
    private static final String ONLY_ACCOUNT = "default";
    private static final List<String> SHORT_FORM = List.of("url", "api-key", "organization", "project", "trust");
    private static final int PLENTY = 1_000_000;

    private final SettingReader reader;
    private final Map<String, String> environment;

    UpstreamSettings(SettingReader reader, Map<String, String> environment) {
        this.reader = reader;
        this.environment = environment;
    }

    UpstreamConfig upstream() {
        String asked = reader.readOptional("upstream.url", urlOrSimulator());
        List<AccountConfig> accounts = new ArrayList<>();
        URI url = only(asked);
        Secret key = key(url);
        Details details = details("upstream");
        Duration connectTimeout = seconds("upstream.connect-timeout", 1, 120, 10);
        int sessionsMax = reader.read("upstream.sessions-max", ValueKind.number(1, PLENTY), 5_000);
        Set<String> names = reader.namesUnder(ACCOUNTS);
        names.forEach(name -> named(name, sessionsMax, accounts));
        if (!names.isEmpty()) {
            refuseShortForm();
        } else if (url != null) {
            accounts.add(inShortForm(url, key, details, sessionsMax));
        }
        return new UpstreamConfig(accounts, SIMULATOR.equals(asked), connectTimeout, sessionsMax);
    }

    PoolConfig pool() {
        PoolConfig pool = new PoolConfig(
                reader.read("pool.warm-min", ValueKind.number(0, 10_000), 2),
                reader.read("pool.warm-max", ValueKind.number(0, 10_000), 20),
                reader.read("pool.warm-models", names(), Set.of()),
                seconds("pool.warm-lifetime", 10, 3_300, 300),
                seconds("pool.forget-after", 1, 86_400, 600),
                reader.read("pool.connects-max", ValueKind.number(1, 10_000), 64),
                millis("pool.acquire-timeout", 100, 60_000, 2_000),
                seconds("pool.check-after", 1, 3_600, 30),
                millis("pool.check-timeout", 100, 60_000, 2_000),
                reader.read("pool.tenant-sessions-max", ValueKind.number(1, PLENTY), 5_000),
                reader.read("pool.tenant-waiting-max", ValueKind.number(1, PLENTY), 1_000),
                reader.read("pool.reserve-percent", ValueKind.number(0, 50), 2),
                millis("pool.reserve-after", 0, 60_000, 1_000));
        if (pool.warmMax() < pool.warmMin() && pool.warmMax() > 0) {
            reader.complain(
                    "pool.warm-max = " + pool.warmMax() + ": must be 0, or at least pool.warm-min, " + pool.warmMin());
        }
        return pool;
    }

    private static AccountConfig inShortForm(URI url, @Nullable Secret key, Details details, int sessionsMax) {
        return new AccountConfig(
                ONLY_ACCOUNT,
                Profile.OPENAI,
                url,
                key,
                details.organization(),
                details.project(),
                details.trust(),
                Map.of(),
                1,
                sessionsMax);
    }

    private @Nullable URI only(@Nullable String asked) {
        boolean keyGiven = reader.isSet("upstream.api-key") || !openAiKey().isEmpty();
        if (asked == null && keyGiven && reader.namesUnder(ACCOUNTS).isEmpty()) {
            reader.derive("upstream.url", OPENAI.toString(), Origin.DEFAULT);
            return OPENAI;
        }
        return asked == null || asked.equals(SIMULATOR) ? null : URI.create(asked);
    }

    private @Nullable Secret key(@Nullable URI url) {
        Secret key = reader.readOptional("upstream.api-key", ValueKind.secret());
        boolean openAi = url != null && OPENAI.getHost().equals(url.getHost());
        if (key == null && openAi && !openAiKey().isEmpty()) {
            key = new Secret(openAiKey());
            reader.derive("upstream.api-key", key + " from OPENAI_API_KEY", Origin.ENVIRONMENT);
        }
        return key;
    }

    private String openAiKey() {
        return environment.getOrDefault("OPENAI_API_KEY", "");
    }

    private void named(String name, int sessionsMax, List<AccountConfig> accounts) {
        String section = ACCOUNTS + "." + name;
        if (!AccountConfig.isName(name)) {
            reader.complain(section + ": an account's name is made of small letters, digits and '-', at most 32");
        }
        Profile profile = reader.read(section + ".profile", ValueKind.oneOf(Profile.class), Profile.OPENAI);
        URI url = reader.readOptional(section + ".url", ValueKind.webSocketUrl());
        if (url == null && profile != Profile.OPENAI) {
            reader.complain(section + ".url is not set");
        }
        Secret key = reader.readOptional(section + ".api-key", ValueKind.secret());
        if (key == null && profile != Profile.COMPATIBLE) {
            reader.complain(section + ".api-key is not set");
        }
        Details details = details(section);
        accounts.add(new AccountConfig(
                name,
                profile,
                url == null ? OPENAI : url,
                key,
                details.organization(),
                details.project(),
                details.trust(),
                reader.read(section + ".models", ModelNames.kind(), Map.of()),
                reader.read(section + ".weight", ValueKind.number(1, 1_000), 1),
                reader.read(section + ".sessions-max", ValueKind.number(1, PLENTY), sessionsMax)));
    }

    private record Details(
            @Nullable String organization,
            @Nullable String project,
            @Nullable Path trust) {}

    private Details details(String section) {
        return new Details(
                reader.readOptional(section + ".organization", ValueKind.text("at most 128 characters", 128)),
                reader.readOptional(section + ".project", ValueKind.text("at most 128 characters", 128)),
                reader.readOptional(section + ".trust", ValueKind.readableFile()));
    }

    private void refuseShortForm() {
        for (String key : SHORT_FORM) {
            if (reader.isSet("upstream." + key)) {
                reader.complain("upstream." + key + ": not beside " + ACCOUNTS + "; give each account its own");
            }
        }
    }

    private static ValueKind<Set<String>> names() {
        return new ValueKind<>(
                "model names with commas between them",
                text -> ModelNames.parse(text).keySet(),
                names -> String.join(", ", names));
    }

    private static ValueKind<String> urlOrSimulator() {
        ValueKind<URI> url = ValueKind.webSocketUrl();
        return new ValueKind<>(
                url.allowed() + "; or the word " + SIMULATOR,
                text -> text.equals(SIMULATOR) ? text : url.parse().apply(text).toString(),
                text -> text);
    }

    private Duration seconds(String key, long min, long max, long fallback) {
        ValueKind<Duration> kind = ValueKind.duration(Duration.ofSeconds(min), Duration.ofSeconds(max));
        return reader.read(key, kind, Duration.ofSeconds(fallback));
    }

    private Duration millis(String key, long min, long max, long fallback) {
        ValueKind<Duration> kind = ValueKind.duration(Duration.ofMillis(min), Duration.ofMillis(max));
        return reader.read(key, kind, Duration.ofMillis(fallback));
    }
}
