package dev.parley.server;

import dev.parley.concurrent.RepeatedFailure;
import dev.parley.concurrent.Rounds;
import dev.parley.config.AccountConfig;
import dev.parley.store.JdbcAccounts;
import dev.parley.store.StoreException;
import dev.parley.upstream.Accounts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the accounts as they are in the settings and in the database together, on a virtual thread of its own. While the
 * database is away they stay as they are.
 */
final class FollowedAccounts implements AutoCloseable {
    private static final Duration EVERY = Duration.ofSeconds(2);
    private static final Logger LOGGER = LoggerFactory.getLogger(FollowedAccounts.class);

    private final Accounts accounts;
    private final List<AccountConfig> configured;
    private final Supplier<JdbcAccounts.State> stored;
    private final Set<String> namedTwice = new HashSet<>();
    private final RepeatedFailure trouble = new RepeatedFailure(LOGGER, "upstream accounts cannot be followed now");
    private Map<String, Long> reopenings;
    private final Rounds rounds;

    /**
     * Begins with those of {@code first}, and goes on.
     *
     * @param configured those of the settings, which win over others of their name
     * @param stored reads those of the database anew; blocks
     */
    FollowedAccounts(
            Accounts accounts,
            List<AccountConfig> configured,
            JdbcAccounts.State first,
            Supplier<JdbcAccounts.State> stored) {
        this.accounts = accounts;
        this.configured = configured;
        this.stored = stored;
        this.reopenings = first.reopenings();
        accounts.follow(together(first.accounts()), Set.of());
        this.rounds = new Rounds("upstream-accounts", EVERY, this::look);
    }

    @Override
    public void close() {
        rounds.close();
    }

    private void look() {
        try {
            JdbcAccounts.State state = stored.get();
            Set<String> reopened = state.reopenings().entrySet().stream()
                    .filter(entry -> !entry.getValue().equals(reopenings.get(entry.getKey())))
                    .map(Map.Entry::getKey)
                    .collect(Collectors.toSet());
            reopenings = state.reopenings();
            accounts.follow(together(state.accounts()), reopened);
            reopened.forEach(
                    name -> LOGGER.atInfo().addKeyValue("account", name).log("an operator reopened the account"));
            trouble.over();
        } catch (StoreException e) {
            trouble.met(e);
        }
    }

    private List<AccountConfig> together(List<AccountConfig> fromDatabase) {
        List<AccountConfig> all = new ArrayList<>(configured);
        Set<String> names = configured.stream().map(AccountConfig::name).collect(Collectors.toSet());
        for (AccountConfig account : fromDatabase) {
            if (names.add(account.name())) {
                all.add(account);
            } else if (namedTwice.add(account.name())) {
                LOGGER.atWarn()
                        .addKeyValue("account", account.name())
                        .log("the settings have an account of this name: that of the database is not used");
            }
        }
        return all;
    }
}
