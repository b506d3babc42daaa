package dev.parley.dialect;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * Two names of one model.
 *
 * @param asked what the client says
 * @param resolved what the provider knows, and what is priced
 */
public record ModelAlias(String asked, String resolved) {
    /** Names the model in settings as the provider does; false if they do not name it by its alias. */
    boolean resolve(ObjectNode settings) {
        boolean names = asked.equals(settings.path("model").textValue());
        if (names) {
            settings.put("model", resolved);
        }
        return names;
    }
}
