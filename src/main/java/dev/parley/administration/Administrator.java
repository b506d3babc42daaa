package dev.parley.administration;

import java.time.Instant;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Who may sign in.
 *
 * @param passwordHash null until a sign-in link was used
 * @param subject at the OpenID provider; null for who signs in here
 * @param failures wrong passwords since the last right one
 * @param lockedUntil until then no password is looked at
 * @param generation counts the changes
 */
public record Administrator(
        long id,
        String name,
        Role role,
        @Nullable String passwordHash,
        @Nullable String subject,
        boolean disabled,
        int failures,
        @Nullable Instant lockedUntil,
        long generation,
        Instant createdAt,
        @Nullable Instant lastSignInAt) {
    private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._@+-]{0,127}");

    static boolean isName(String name) {
        return NAME.matcher(name).matches();
    }

    /** @throws IllegalArgumentException when it cannot be a name */
    public static String checkedName(String name) {
        if (!isName(name)) {
            throw new IllegalArgumentException(
                    "a name has 1 to 128 characters a-z, 0-9 and . _ @ + -, and starts with a letter or digit");
        }
        return name;
    }

    @Override
    public String toString() {
        return "Administrator[" + name + ", " + role.word() + "]";
    }
}
