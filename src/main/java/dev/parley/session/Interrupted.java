package dev.parley.session;

import java.util.List;

/**
 * Responses that the end of an upstream has cut off.
 *
 * @param running by their ids
 * @param asked those that were not created yet, by the ids that the client gave their events; empty where it gave none
 */
record Interrupted(List<String> running, List<String> asked) {
    static final Interrupted NOTHING = new Interrupted(List.of(), List.of());

    boolean isEmpty() {
        return running.isEmpty() && asked.isEmpty();
    }
}
