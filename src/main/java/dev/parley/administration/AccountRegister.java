package dev.parley.administration;

import dev.parley.config.AccountConfig;
import dev.parley.config.Secret;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Upstream accounts in the database, for operators; those of the settings are not among them. Blocks. Thread-safe. */
public interface AccountRegister {
    /** By name; never with a key. */
    List<Listed> list();

    /** Adds an account; false if the name is taken. */
    boolean add(AccountConfig account);

    /** Changes what an account may be used for, if nobody else has changed it since. */
    Outcome change(String name, long generation, UnaryOperator<Use> change);

    /** Gives an account another key, if nobody else has changed it since. */
    Outcome replaceKey(String name, long generation, Secret key);

    /** Removes an account with its key, if nobody else has changed it since. */
    Outcome remove(String name, long generation);

    /** Has every node try an account again, one of the settings too. */
    void reopen(String name);

    /** What became of a wish. */
    enum Outcome {
        CHANGED,
        /** Somebody else was faster. */
        OUTDATED,
        UNKNOWN
    }

    /**
     * What an account may be used for.
     *
     * @param models as {@link AccountConfig} has them
     * @param drained whether it gets no new sessions
     */
    record Use(Map<String, String> models, int weight, int sessionsMax, boolean drained) {
        public Use {
            models = Map.copyOf(models);
        }
    }

    /**
     * An account as operators see it.
     *
     * @param account without its key
     * @param generation counts the changes
     */
    record Listed(
            AccountConfig account,
            boolean hasKey,
            boolean drained,
            long generation,
            Instant createdAt,
            Instant changedAt) {}
}
