package dev.parley.domain;

import java.util.regex.Pattern;

/** The form of the names that people give to tenants, plans and budgets: 1 to 63 of a-z, 0-9 and '-'. */
public final class Slug {
    private static final Pattern FORM = Pattern.compile("[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?");

    private Slug() {}

    /**
     * @param what is named, for the message
     * @throws IllegalArgumentException if {@code name} has another form
     */
    public static void require(String what, String name) {
        if (!FORM.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    what + " '" + name
                            + "' is not a name of 1 to 63 characters a-z, 0-9 and '-', starting and ending with a letter or digit");
        }
    }
}
