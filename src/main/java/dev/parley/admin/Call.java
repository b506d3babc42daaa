package dev.parley.admin;

import dev.parley.administration.Actor;
import dev.parley.administration.Principal;
import dev.parley.administration.Reports.Page;
import io.vertx.core.http.Cookie;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.HostAndPort;
import io.vertx.ext.web.RoutingContext;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** One request to the admin API, as it was read on the event loop. Immutable, but for who asks, which is found out later. */
final class Call {
    static final String COOKIE = "__Host-parley";
    private static final int LIMIT = 50;
    private static final int LIMIT_MAX = 500;
    private static final Pattern ETAG = Pattern.compile("(?:W/)?\"(\\d{1,18})\"");

    private final HttpMethod method;
    private final String uri;
    private final Map<String, String> path;
    private final Map<String, String> query;
    private final Map<String, String> headers;
    private final Map<String, String> cookies;
    private final String body;
    private final String address;
    private final String authority;
    private @Nullable Principal principal;

    private Call(RoutingContext context) {
        this.method = context.request().method();
        this.uri = context.request().path();
        this.path = Map.copyOf(context.pathParams());
        this.query = context.queryParams().entries().stream()
                .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue, (first, _) -> first));
        this.headers = context.request().headers().entries().stream()
                .collect(Collectors.toUnmodifiableMap(
                        entry -> entry.getKey().toLowerCase(java.util.Locale.ROOT),
                        Map.Entry::getValue,
                        (first, _) -> first));
        this.cookies = context.request().cookies().stream()
                .collect(Collectors.toUnmodifiableMap(Cookie::getName, Cookie::getValue, (first, _) -> first));
        String text = context.body() == null ? null : context.body().asString();
        this.body = text == null ? "" : text;
        this.address = Forwarding.addressOf(context);
        this.authority = authority(context.request().authority());
    }

    private static String authority(@Nullable HostAndPort host) {
        return host == null ? "" : host.port() < 0 ? host.host() : host.host() + ":" + host.port();
    }

    static Call of(RoutingContext context) {
        return new Call(context);
    }

    HttpMethod method() {
        return method;
    }

    String uri() {
        return uri;
    }

    /** Where it comes from; behind trusted proxies who asked the first of them. */
    String address() {
        return address;
    }

    /** The host and port that it was sent to; empty if it does not say. */
    String authority() {
        return authority;
    }

    /** The secret of a browser's session. */
    Optional<String> cookie() {
        return cookie(COOKIE);
    }

    Optional<String> cookie(String name) {
        return Optional.ofNullable(cookies.get(name));
    }

    Optional<String> header(String lowerCaseName) {
        return Optional.ofNullable(headers.get(lowerCaseName));
    }

    String path(String name) {
        return usable(path.getOrDefault(name, ""));
    }

    Optional<String> query(String name) {
        return Optional.ofNullable(query.get(name))
                .filter(value -> !value.isEmpty())
                .map(Call::usable);
    }

    /** Postgres keeps no text with a NUL, so nothing has such a name. */
    private static String usable(String text) {
        if (text.indexOf('\0') >= 0) {
            throw Problem.badRequest("The address holds the character 0.");
        }
        return text;
    }

    String bodyText() {
        return body;
    }

    Fields fields() {
        if (body.isBlank()) {
            return new Fields(new JsonObject());
        }
        if (!header("content-type").orElse("").startsWith("application/json")) {
            throw Problem.of(415, "media-type", "The body is not JSON", "Send it as application/json.");
        }
        try {
            return new Fields(new JsonObject(body));
        } catch (DecodeException | ClassCastException e) {
            throw Problem.badRequest("The body is not a JSON object.");
        }
    }

    /** The generation that a change is meant for. */
    long ifMatch() {
        String tag = header("if-match").orElseThrow(Problem::needsMatch);
        Matcher matcher = ETAG.matcher(tag.strip());
        if (!matcher.matches()) {
            throw Problem.changedMeanwhile();
        }
        return Long.parseLong(matcher.group(1));
    }

    Page page() {
        String cursor = query("cursor").orElse(null);
        if (cursor != null && cursor.length() > 255) {
            throw Problem.badRequest("cursor: is one that this API gave");
        }
        return new Page(cursor, limit());
    }

    /** A page whose cursor is a number. */
    Page numberedPage() {
        Page page = page();
        String cursor = page.after();
        if (cursor != null && !cursor.matches("\\d{1,18}")) {
            throw Problem.badRequest("cursor: is one that this API gave");
        }
        return page;
    }

    Instant time(String name, Instant otherwise) {
        return query(name)
                .map(text -> Times.read(text)
                        .orElseThrow(() -> Problem.badRequest(name + ": is a time such as 2026-12-31T00:00:00Z")))
                .orElse(otherwise);
    }

    private int limit() {
        String text = query("limit").orElse("" + LIMIT);
        if (!text.matches("\\d{1,4}") || Integer.parseInt(text) < 1 || Integer.parseInt(text) > LIMIT_MAX) {
            throw Problem.badRequest("limit: is a number from 1 to " + LIMIT_MAX);
        }
        return Integer.parseInt(text);
    }

    /** One page of a list: whole if it is shorter than asked for. */
    static Answer list(List<JsonObject> items, Page page, String cursorField) {
        JsonObject body = new JsonObject().put("items", new JsonArray(items));
        Object cursor = items.size() < page.limit() ? null : items.getLast().getValue(cursorField);
        return Answer.ok(body.put("next_cursor", cursor == null ? null : cursor.toString()));
    }

    static Answer list(List<JsonObject> items) {
        return Answer.ok(new JsonObject().put("items", new JsonArray(items)).putNull("next_cursor"));
    }

    void identify(Principal found) {
        principal = found;
    }

    Principal principal() {
        Principal found = principal;
        if (found == null) {
            throw Problem.unauthenticated();
        }
        return found;
    }

    Actor actor() {
        return principal().actor();
    }
}
