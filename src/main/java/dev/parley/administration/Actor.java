package dev.parley.administration;

/**
 * Who does something, as the audit log names it.
 *
 * @param name such as {@code administrator:alice}, {@code token:k3f9…} or {@code command:root}
 * @param address where from
 */
public record Actor(String name, String address) {
    public static Actor administrator(String name, String address) {
        return new Actor("administrator:" + name, address);
    }

    /** Somebody at the shell of this machine. */
    public static Actor command() {
        return new Actor("command:" + System.getProperty("user.name", "unknown"), "local");
    }
}
