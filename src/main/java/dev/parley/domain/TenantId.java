package dev.parley.domain;

import java.util.regex.Pattern;

/**
 * A tenant's name: a slug of 1 to 63 characters, such as {@code acme-eu}. It is the key of the tenant everywhere:
 * table, token claim, API path, log.
 */
public record TenantId(String value) {
    private static final Pattern SLUG = Pattern.compile("[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?");

    public TenantId {
        if (!SLUG.matcher(value).matches()) {
            throw new IllegalArgumentException(
                    "tenant '" + value
                            + "' is not a name of 1 to 63 characters a-z, 0-9 and '-', starting and ending with a letter or digit");
        }
    }

    @Override
    public String toString() {
        return value;
    }
}
