package dev.parley.cluster;

import dev.parley.concurrent.RepeatedFailure;
import dev.parley.concurrent.Rounds;
import dev.parley.concurrent.Ticker;
import dev.parley.domain.TenantId;
import dev.parley.tenancy.CachedTenants;
import dev.parley.tenancy.TenantStore;
import dev.parley.tenancy.TenantStore.Changes;
import dev.parley.tenancy.TenantStore.Mark;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the changes of tenants: asks the store for them every {@link #LOOK_EVERY}, in one query whatever the number of
 * tenants, has the known ones read anew, and tells whom they concern. Thread-safe.
 */
public final class TenantNews implements AutoCloseable {
    static final Duration LOOK_EVERY = Duration.ofMillis(500);
    /** Tenants read anew between two looks, so that one that is suspended does not wait behind thousands. */
    static final int RENEW_MAX = 200;

    private static final Logger LOGGER = LoggerFactory.getLogger(TenantNews.class);

    private final TenantStore store;
    private final CachedTenants tenants;
    private final Ticker ticker;
    private final Consumer<Collection<TenantId>> changed;
    private final Rounds rounds;

    // of the thread
    private final Set<TenantId> waiting = new LinkedHashSet<>();
    private final RepeatedFailure trouble = new RepeatedFailure(LOGGER, "changes of tenants cannot be followed now");
    private Mark mark;

    /**
     * Looks for the first time, and goes on. Blocks; throws when the store cannot be asked.
     *
     * @param changed hears of tenants whose settings were read anew; called on the thread of this class
     */
    public TenantNews(TenantStore store, CachedTenants tenants, Ticker ticker, Consumer<Collection<TenantId>> changed) {
        this.store = store;
        this.tenants = tenants;
        this.ticker = ticker;
        this.changed = changed;
        this.mark = store.changedSince(null).mark();
        this.rounds = new Rounds("tenant-news", LOOK_EVERY, this::look);
    }

    /** Looks now. */
    public void ring() {
        rounds.ring();
    }

    @Override
    public void close() {
        rounds.close();
    }

    private void look() {
        try {
            do {
                long asked = ticker.nanos();
                Changes changes = store.changedSince(mark);
                waiting.addAll(changes.tenants());
                mark = changes.mark();
                tell(renewSome());
                if (waiting.isEmpty()) {
                    tenants.followed(asked);
                }
            } while (!waiting.isEmpty());
            trouble.over();
        } catch (RuntimeException e) {
            trouble.met(e);
        }
    }

    private void tell(Set<TenantId> renewed) {
        if (!renewed.isEmpty()) {
            LOGGER.atDebug().addKeyValue("tenants", renewed.size()).log("tenants have changed");
            changed.accept(renewed);
        }
    }

    private Set<TenantId> renewSome() {
        Set<TenantId> renewed = new HashSet<>();
        for (TenantId tenant : Set.copyOf(waiting)) {
            if (renewed.size() == RENEW_MAX) {
                break;
            }
            if (tenants.renew(tenant)) {
                renewed.add(tenant);
            }
            waiting.remove(tenant);
        }
        return renewed;
    }
}
