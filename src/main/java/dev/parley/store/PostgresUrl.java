package dev.parley.store;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/**
 * Where a database is: a JDBC URL without credentials, and the credentials beside it. {@link #toString()} masks the
 * password.
 */
record PostgresUrl(
        String jdbcUrl, @Nullable String user, @Nullable String password) {
    private static final String JDBC = "jdbc:";

    /**
     * Reads {@code postgresql://user:password@host:port/database?…}, {@code postgres://…}, or either of them behind
     * {@code jdbc:}. Credentials in the authority part and in {@code user}/{@code password} parameters are taken out.
     *
     * @throws StoreException naming what is wrong, without the URL's password
     */
    static PostgresUrl parse(String text) {
        String url = text.startsWith(JDBC) ? text.substring(JDBC.length()) : text;
        URI uri;
        try {
            uri = new URI(url);
        } catch (URISyntaxException e) {
            throw wrong("it is not a URL: " + e.getReason());
        }
        if (!"postgresql".equals(uri.getScheme()) && !"postgres".equals(uri.getScheme())) {
            throw wrong("it starts with '" + uri.getScheme() + ":' and not with postgresql: or jdbc:postgresql:");
        }
        String authority = uri.getRawAuthority();
        if (authority == null || uri.getRawPath() == null || uri.getRawPath().length() < 2) {
            throw wrong("it does not name a host and a database, as in postgresql://host:5432/parley");
        }
        String user = null;
        String password = null;
        int at = authority.lastIndexOf('@');
        if (at >= 0) {
            String[] credentials = authority.substring(0, at).split(":", 2);
            user = decode(credentials[0]);
            password = credentials.length == 2 ? decode(credentials[1]) : null;
        }
        StringJoiner rest = new StringJoiner("&", "?", "").setEmptyValue("");
        String query = uri.getRawQuery();
        for (String parameter : query == null ? new String[0] : query.split("&")) {
            if (parameter.startsWith("user=")) {
                user = decode(parameter.substring("user=".length()));
            } else if (parameter.startsWith("password=")) {
                password = decode(parameter.substring("password=".length()));
            } else if (!parameter.isEmpty()) {
                rest.add(parameter);
            }
        }
        return new PostgresUrl(
                "jdbc:postgresql://" + authority.substring(at + 1) + uri.getRawPath() + rest, user, password);
    }

    @Override
    public String toString() {
        return jdbcUrl + (user == null ? "" : " as " + user);
    }

    private static String decode(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    private static StoreException wrong(String why) {
        return new StoreException(StoreException.Kind.SETUP, "the database URL cannot be used: " + why, null);
    }
}
