package dev.parley.upstream;

import dev.parley.config.AccountConfig;
import dev.parley.upstream.UpstreamConnector.Target;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;

/** The upstream accounts of a node, and the choice between them. Reading is thread-safe; {@link #follow} is for one thread. */
public final class Accounts implements AutoCloseable {
    private final Function<AccountConfig, Dialer> dialers;
    private final Supplier<Breaker> breakers;
    private final List<Dialer> made = new ArrayList<>();
    /** No account any more, but some of their sessions may still be open: one that comes back goes on counting with those. */
    private final Map<String, Account> departed = new HashMap<>();

    private volatile List<Account> all = List.of();

    public Accounts(Function<AccountConfig, Dialer> dialers, Supplier<Breaker> breakers) {
        this.dialers = dialers;
        this.breakers = breakers;
    }

    public List<Account> all() {
        return all;
    }

    /** Those that serve this kind of session, whether they work now or not. */
    public List<Account> serving(Target target) {
        List<Account> serving = new ArrayList<>(all.size());
        for (Account account : all) {
            if (account.serves(target)) {
                serving.add(account);
            }
        }
        return serving;
    }

    /** The one with the least load for its weight; doubtful ones only when there is no other. Not for an empty list. */
    public static Account leastLoaded(List<Account> accounts, long now) {
        Account best = accounts.getFirst();
        for (Account account : accounts) {
            boolean doubtful = account.isDoubtful(now);
            if (doubtful == best.isDoubtful(now) ? account.load() < best.load() : !doubtful) {
                best = account;
            }
        }
        return best;
    }

    /**
     * Makes these the accounts, by their names: unknown ones begin, changed ones go on with their new settings and a closed
     * breaker, missing ones get no new sessions. One that was missing comes back as if changed, and what is still open of it
     * counts against its cap.
     *
     * @param reopened names of accounts whose breaker is closed because an operator says so
     */
    public void follow(List<AccountConfig> configs, Set<String> reopened) {
        departed.values().removeIf(account -> account.open() == 0);
        List<Account> next = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (AccountConfig config : configs) {
            names.add(config.name());
            next.add(followed(config));
        }
        for (Account account : all) {
            if (!names.contains(account.name())) {
                account.retire();
                departed.put(account.name(), account);
            }
        }
        all = List.copyOf(next);
        for (Account account : all) {
            if (reopened.contains(account.name())) {
                account.breaker().reset();
            }
        }
    }

    @Override
    public void close() {
        made.forEach(Dialer::close);
    }

    /** None is closed before the end: sessions that were opened before a change go on as they are. */
    private Dialer dialer(AccountConfig config) {
        Dialer dialer = dialers.apply(config);
        made.add(dialer);
        return dialer;
    }

    private Account followed(AccountConfig config) {
        for (Account account : all) {
            if (account.name().equals(config.name())) {
                if (!account.config().equals(config)) {
                    account.renew(config, dialer(config));
                }
                return account;
            }
        }
        Account back = departed.remove(config.name());
        if (back == null) {
            return new Account(config, dialer(config), breakers.get());
        }
        back.renew(config, dialer(config));
        return back;
    }
}
