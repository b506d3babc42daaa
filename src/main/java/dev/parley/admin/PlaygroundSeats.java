package dev.parley.admin;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** How many playgrounds are open here, and of whom. Confined to the event loop of the admin plane. */
final class PlaygroundSeats {
    static final int MAX = 20;
    /** Of one administrator, their API tokens among it: nobody takes all of them. */
    static final int OWN_MAX = 4;

    private final Map<Long, Integer> taken = new HashMap<>();
    private int open;

    /** Takes a seat; says why there is none. */
    Optional<String> take(long administrator) {
        if (taken.getOrDefault(administrator, 0) >= OWN_MAX) {
            return Optional.of("You have " + OWN_MAX + " playgrounds open here already: close one first.");
        }
        if (open >= MAX) {
            return Optional.of("Too many playgrounds are open here: try again later.");
        }
        open++;
        taken.merge(administrator, 1, Integer::sum);
        return Optional.empty();
    }

    void leave(long administrator) {
        open--;
        taken.computeIfPresent(administrator, (_, count) -> count == 1 ? null : count - 1);
    }
}
