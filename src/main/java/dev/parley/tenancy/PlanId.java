package dev.parley.tenancy;

import java.util.regex.Pattern;

/** A plan's name: a slug of 1 to 63 characters, such as {@code standard}. */
public record PlanId(String value) {
    private static final Pattern SLUG = Pattern.compile("[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?");

    /** The plan of tenants that name none. */
    public static final PlanId STANDARD = new PlanId("standard");

    public PlanId {
        if (!SLUG.matcher(value).matches()) {
            throw new IllegalArgumentException(
                    "plan '" + value
                            + "' is not a name of 1 to 63 characters a-z, 0-9 and '-', starting and ending with a letter or digit");
        }
    }

    @Override
    public String toString() {
        return value;
    }
}
