package dev.parley.administration;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/** What an administrator is trusted with; each role includes those before it. */
public enum Role {
    /** Sees everything but keys and what is said in sessions. */
    VIEWER,
    /** Changes tenants, reads what is said where the tenant allows it, ends sessions, drains nodes. */
    OPERATOR,
    /** Prices, administrators and API tokens. */
    OWNER;

    /** As in tables and in the API. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** @throws IllegalArgumentException for anything but a role's word */
    public static Role of(String word) {
        for (Role role : values()) {
            if (role.word().equals(word)) {
                return role;
            }
        }
        throw new IllegalArgumentException("a role is viewer, operator or owner");
    }

    public Set<Permission> permissions() {
        EnumSet<Permission> granted = EnumSet.noneOf(Permission.class);
        for (Permission permission : Permission.values()) {
            if (permission.least().compareTo(this) <= 0) {
                granted.add(permission);
            }
        }
        return granted;
    }
}
