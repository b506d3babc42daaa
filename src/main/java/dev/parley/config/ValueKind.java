package dev.parley.config;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a setting may hold.
 *
 * @param allowed says it to people, as the end of "must be …"
 * @param parse throws {@link IllegalArgumentException} for anything else
 * @param show the value in the notation of the file, masked if it is secret
 */
record ValueKind<T>(String allowed, Function<String, T> parse, Function<T, String> show, boolean isSecret) {
    private static final Pattern URL_PASSWORD = Pattern.compile("(?<=//)([^:/@]*):[^@]*@|((?i)password=)[^&]*");

    ValueKind(String allowed, Function<String, T> parse, Function<T, String> show) {
        this(allowed, parse, show, false);
    }

    static ValueKind<String> text(String allowed, int lengthMax) {
        return new ValueKind<>(
                allowed,
                text -> require(text, text.length() <= lengthMax && text.chars().noneMatch(Character::isISOControl)),
                Function.identity());
    }

    static ValueKind<String> oneOf(String... values) {
        Set<String> valid = Set.of(values);
        return new ValueKind<>(
                "one of " + String.join(", ", values),
                text -> require(text.toLowerCase(Locale.ROOT), valid.contains(text.toLowerCase(Locale.ROOT))),
                Function.identity());
    }

    static <E extends Enum<E>> ValueKind<E> oneOf(Class<E> type) {
        String names = Stream.of(type.getEnumConstants()).map(ValueKind::name).collect(Collectors.joining(", "));
        return new ValueKind<>(
                "one of " + names,
                text -> Stream.of(type.getEnumConstants())
                        .filter(constant -> name(constant).equalsIgnoreCase(text))
                        .findFirst()
                        .orElseThrow(IllegalArgumentException::new),
                ValueKind::name);
    }

    static ValueKind<Boolean> flag() {
        return new ValueKind<>(
                "true or false",
                text -> require(
                        text.equalsIgnoreCase("true"), text.equalsIgnoreCase("true") || text.equalsIgnoreCase("false")),
                value -> Boolean.toString(value));
    }

    static ValueKind<Integer> number(int min, int max) {
        return new ValueKind<>(
                "a whole number from " + min + " to " + max,
                text -> {
                    int value = Integer.parseInt(text);
                    return require(value, value >= min && value <= max);
                },
                value -> Integer.toString(value));
    }

    static ValueKind<Duration> duration(Duration min, Duration max) {
        return new ValueKind<>(
                "a duration from " + Units.show(min) + " to " + Units.show(max) + ", such as 250ms, 30s, 5m or 1h",
                text -> {
                    Duration value = Units.duration(text);
                    return require(value, value.compareTo(min) >= 0 && value.compareTo(max) <= 0);
                },
                Units::show);
    }

    static ValueKind<Integer> size(int min, int max) {
        return new ValueKind<>(
                "a size from " + Units.show(min) + " to " + Units.show(max) + ", such as 512KiB or 4MiB",
                text -> {
                    long value = Units.size(text);
                    return require((int) value, value >= min && value <= max);
                },
                value -> Units.show(value.longValue()));
    }

    static ValueKind<Path> path() {
        return new ValueKind<>(
                "a path",
                text -> {
                    try {
                        return Path.of(text);
                    } catch (InvalidPathException e) {
                        throw new IllegalArgumentException(e);
                    }
                },
                Path::toString);
    }

    static ValueKind<Path> readableFile() {
        return new ValueKind<>(
                "the path of a file that can be read",
                text -> {
                    Path file = path().parse().apply(text);
                    return require(
                            file, java.nio.file.Files.isRegularFile(file) && java.nio.file.Files.isReadable(file));
                },
                Path::toString);
    }

    /** A secret: never shown, not even in a complaint about it. */
    static ValueKind<Secret> secret() {
        return new ValueKind<>(
                "a text without line breaks",
                text -> {
                    boolean oneLine = text.chars().noneMatch(Character::isISOControl);
                    return require(new Secret(text), oneLine);
                },
                Secret::toString,
                true);
    }

    static ValueKind<String> postgresUrl() {
        return new ValueKind<>(
                "a URL such as postgresql://host:5432/parley or jdbc:postgresql://host/parley",
                text -> require(text, text.matches("(jdbc:)?postgres(ql)?://?[^\\s]+")),
                ValueKind::maskUrl);
    }

    static ValueKind<URI> webSocketUrl() {
        return new ValueKind<>(
                "a URL such as wss://api.openai.com/v1 or ws://127.0.0.1:9000/v1, without user, query or fragment",
                text -> {
                    try {
                        URI uri = new URI(text);
                        boolean scheme = "ws".equals(uri.getScheme()) || "wss".equals(uri.getScheme());
                        boolean bare = uri.getUserInfo() == null && uri.getQuery() == null && uri.getFragment() == null;
                        return require(uri, scheme && bare && uri.getHost() != null);
                    } catch (URISyntaxException e) {
                        throw new IllegalArgumentException(e);
                    }
                },
                URI::toString);
    }

    /** What credentials travel to: https, but for the machine itself. */
    static ValueKind<URI> webUrl() {
        return new ValueKind<>(
                "a URL such as https://id.example/realm, without user, query or fragment; http on 127.0.0.1 or localhost only",
                text -> {
                    try {
                        URI uri = new URI(text);
                        boolean local = "127.0.0.1".equals(uri.getHost()) || "localhost".equals(uri.getHost());
                        boolean scheme = "https".equals(uri.getScheme()) || ("http".equals(uri.getScheme()) && local);
                        boolean bare = uri.getUserInfo() == null && uri.getQuery() == null && uri.getFragment() == null;
                        return require(uri, scheme && bare && uri.getHost() != null);
                    } catch (URISyntaxException e) {
                        throw new IllegalArgumentException(e);
                    }
                },
                URI::toString);
    }

    /** Nothing secret travels there but what an operator chooses to send along. */
    static ValueKind<URI> collectorUrl() {
        return new ValueKind<>(
                "a URL such as http://127.0.0.1:4318/v1/traces, without user or fragment",
                text -> {
                    try {
                        URI uri = new URI(text);
                        boolean scheme = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
                        return require(
                                uri,
                                scheme
                                        && uri.getHost() != null
                                        && uri.getUserInfo() == null
                                        && uri.getFragment() == null);
                    } catch (URISyntaxException e) {
                        throw new IllegalArgumentException(e);
                    }
                },
                URI::toString);
    }

    /** Names with commas between them. */
    static ValueKind<Set<String>> names() {
        return new ValueKind<>(
                "names with commas between them, 1,000 characters in all",
                text -> require(
                        Stream.of(text.split(",", -1)).map(String::strip).collect(Collectors.toUnmodifiableSet()),
                        text.length() <= 1_000
                                && Stream.of(text.split(",", -1)).noneMatch(String::isBlank)
                                && text.chars().noneMatch(Character::isISOControl)),
                names -> names.isEmpty() ? "-" : String.join(",", new TreeSet<>(names)));
    }

    static ValueKind<Networks> networks() {
        return new ValueKind<>(
                "networks such as 10.0.0.0/8 or 2001:db8::/32 with commas between them, never all addresses",
                Networks::parse,
                networks -> networks.toString().isEmpty() ? "-" : networks.toString());
    }

    /** {@code text} without the passwords that URLs can hold. */
    static String maskUrl(String text) {
        return URL_PASSWORD
                .matcher(text)
                .replaceAll(match -> match.group(2) != null
                        ? java.util.regex.Matcher.quoteReplacement(match.group(2)) + "****"
                        : java.util.regex.Matcher.quoteReplacement(match.group(1)) + ":****@");
    }

    private static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static <T> T require(T value, boolean valid) {
        if (!valid) {
            throw new IllegalArgumentException();
        }
        return value;
    }
}
