package dev.parley.rest;

import java.util.regex.Pattern;

/**
 * Method and path of an operation, as the OpenAPI document writes them.
 *
 * @param path with {@code {name}} for one part between slashes, whatever it is
 */
public record Route(String method, String path) {
    private static final Pattern VARIABLE = Pattern.compile("\\{[^}]*}");

    /** Whether a request's path is one of these. */
    boolean fits(String asked) {
        String[] parts = path.split("/", -1);
        String[] given = asked.split("/", parts.length);
        if (given.length != parts.length) {
            return false;
        }
        for (int i = 0; i < parts.length; i++) {
            if (!VARIABLE.matcher(parts[i]).matches() && !parts[i].equals(given[i])) {
                return false;
            }
        }
        return true;
    }

    @Override
    public String toString() {
        return method + ' ' + path;
    }
}
