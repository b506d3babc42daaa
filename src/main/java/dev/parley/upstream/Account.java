package dev.parley.upstream;

import dev.parley.config.AccountConfig;
import dev.parley.upstream.UpstreamConnector.Target;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An upstream account at work: its places, counted here because no client's own limit holds, and its breaker. It outlives
 * changes of its settings, so that what is open still counts. Thread-safe.
 */
public final class Account {
    private final String name;
    private final Breaker breaker;
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicInteger connecting = new AtomicInteger();
    private final AtomicInteger slow = new AtomicInteger();
    private volatile Terms terms;

    /** What can change while the account is at work. */
    private record Terms(AccountConfig config, Dialer dialer, boolean active) {}

    public Account(AccountConfig config, Dialer dialer, Breaker breaker) {
        this.name = config.name();
        this.breaker = breaker;
        this.terms = new Terms(config, dialer, true);
    }

    public String name() {
        return name;
    }

    public AccountConfig config() {
        return terms.config();
    }

    public Breaker breaker() {
        return breaker;
    }

    public Dialer dialer() {
        return terms.dialer();
    }

    /** Whether its settings are still those that this one dials with. */
    @SuppressWarnings("ReferenceEquality") // each change of the settings makes another
    public boolean isDialedBy(Dialer dialer) {
        return terms.dialer() == dialer;
    }

    /** Whether it still belongs to the accounts of this node: sessions of one that does not are not handed out any more. */
    public boolean isActive() {
        return terms.active();
    }

    /** Whether sessions of this kind can be had from it. */
    public boolean serves(Target target) {
        AccountConfig config = terms.config();
        return config.models().isEmpty() || config.models().containsKey(target.label());
    }

    /**
     * Takes a place under the account's cap, to be given back when the upstream session is gone.
     *
     * @param reservePercent of the places, which stay free for others
     */
    public boolean tryTake(int reservePercent) {
        int cap = terms.config().sessionsMax();
        int usable = cap - (int) ((long) cap * reservePercent / 100);
        return tryIncrement(open, usable);
    }

    /** Takes a place whatever the cap: for what is open already, and has only been on another node. */
    public void take() {
        open.incrementAndGet();
    }

    public void giveBack() {
        open.decrementAndGet();
    }

    /** Takes one of {@code max} connections that may be opened at once. */
    public boolean tryConnect(int max) {
        return tryIncrement(connecting, max);
    }

    public void connectEnded() {
        connecting.decrementAndGet();
    }

    /** One more, or one less, connection takes longer than it should. */
    public void slowConnects(int change) {
        slow.addAndGet(change);
    }

    /** Upstream sessions open or being opened. */
    public int open() {
        return open.get();
    }

    /** Whether another account is better now, if there is one: it hangs, or it asked for less. */
    public boolean isDoubtful(long now) {
        return slow.get() > 0 || breaker.isShunned(now);
    }

    /** How full it is, against its weight; with one session more. */
    double load() {
        return (open.get() + 1.0) / terms.config().weight();
    }

    /** New settings; a new credential or address deserves a new beginning. */
    void renew(AccountConfig config, Dialer dialer) {
        terms = new Terms(config, dialer, true);
        breaker.reset();
    }

    void retire() {
        Terms last = terms;
        terms = new Terms(last.config(), last.dialer(), false);
    }

    private static boolean tryIncrement(AtomicInteger count, int max) {
        if (count.incrementAndGet() <= max) {
            return true;
        }
        count.decrementAndGet();
        return false;
    }
}
