package dev.parley.pool;

import dev.parley.config.PoolConfig;
import dev.parley.domain.TenantId;
import dev.parley.upstream.Account;
import dev.parley.upstream.Dialer.Failure;
import dev.parley.upstream.Fault;
import dev.parley.upstream.UpstreamConnector.Outcome;
import dev.parley.upstream.UpstreamConnector.Target;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The upstream sessions of one model (or of transcription) on one event loop, and those who wait for one. Everything goes
 * through {@link #pump}: whoever waits gets whatever comes first, a warm session or a connection that completes; connections
 * are opened for the number of those who wait and for what is missing of the warm ones, less what is under way.
 */
final class ModelPool {
    private static final Logger LOGGER = LoggerFactory.getLogger(ModelPool.class);
    private static final long SLOW_MIN_NANOS = Duration.ofMillis(100).toNanos();
    private static final double LIFETIME_JITTER = 0.1;

    private final LoopPool loop;
    private final Target target;
    private final PoolConfig config;
    private final TenantCounts tenants;
    private final Demand demand;
    private final AccountChoice choice;
    private final FillPause fillPause = new FillPause();
    private final FairQueue<Waiter> waiting = new FairQueue<>(1);
    private final Deque<PooledSession> warm = new ArrayDeque<>();
    private final UnderWay underWay = new UnderWay();
    /** Leased, or ending. */
    private final Set<PooledSession> out = new LinkedHashSet<>();

    private boolean pumping;
    private boolean pumpAgain;
    private boolean starved;
    private boolean stopped;

    ModelPool(LoopPool loop, Target target, Demand demand) {
        this.loop = loop;
        this.target = target;
        this.config = loop.config();
        this.tenants = loop.tenants();
        this.demand = demand;
        this.choice = new AccountChoice(loop.accounts(), target, config);
    }

    Target target() {
        return target;
    }

    Future<Outcome> acquire(TenantId tenant) {
        long now = loop.now();
        demand.asked(now);
        if (stopped) {
            return Future.succeededFuture(PoolRefusals.stopped());
        }
        if (waiting.size(tenant) >= config.tenantWaitingMax()) {
            loop.events().refused("queue_full");
            return Future.succeededFuture(PoolRefusals.queueFull(config));
        }
        Promise<Outcome> outcome = Promise.promise();
        waiting.add(
                tenant, new Waiter(tenant, now, now + config.acquireTimeout().toNanos(), outcome), 1);
        pump();
        return outcome.future();
    }

    /** Does whatever can be done now; never inside itself. */
    void pump() {
        if (pumping) {
            pumpAgain = true;
            return;
        }
        pumping = true;
        try {
            do {
                pumpAgain = false;
                long now = loop.now();
                handOutWarm(now);
                open(now);
                failTheHopeless(now);
            } while (pumpAgain);
        } finally {
            pumping = false;
        }
    }

    /** Looks after deadlines. */
    void tick(long now) {
        waiting.drop(waiter -> waiter.isOver(now), this::tooLate);
        for (PooledSession session : underWay.all()) {
            if (session.state() == PooledSession.State.CHECKING
                    && now - session.since() >= config.checkTimeout().toNanos()) {
                retire(session, EndReason.SILENT);
            }
        }
        if (underWay.noteSlow(now, slowAfter()) || waiting.size() > 0) {
            pump();
        }
    }

    /** Lets go of warm sessions that are of no use any more, one expired one at a time, and fills up. */
    void keepHouse(long now) {
        boolean expired = false;
        for (PooledSession session : List.copyOf(warm)) {
            if (!session.isGood()) {
                retire(session, EndReason.ACCOUNT);
            } else if (!expired && session.isExpired(now)) {
                expired = true;
                retire(session, EndReason.EXPIRED);
            }
        }
        pump();
    }

    /** Every session has an owner: ends the books of those whose holder has not said that they ended. */
    void sweep(long now, Duration patience) {
        for (PooledSession session : List.copyOf(out)) {
            if (session.isForsaken(now, patience) && session.departForsaken()) {
                LOGGER.atError()
                        .addKeyValue("tenant", session.tenant())
                        .addKeyValue("account", session.account().name())
                        .log("an upstream session had no owner");
                departed(session);
            }
        }
    }

    /** Ends a warm session of an account whose place is needed more elsewhere; false if there is none to spare. */
    boolean makeRoom(Account account) {
        if (waiting.size() > 0) {
            return false;
        }
        for (PooledSession session : warm) {
            if (session.account() == account) {
                retire(session, EndReason.MADE_ROOM);
                return true;
            }
        }
        return false;
    }

    /** Lets the waiting go, and the warm. */
    void stop() {
        stopped = true;
        waiting.drop(_ -> true, waiter -> answer(waiter, PoolRefusals.stopped()));
        List.copyOf(warm).forEach(session -> retire(session, EndReason.STOPPED));
    }

    /** Whether somebody waits for a place or a connection of an account. */
    boolean isStarved() {
        return starved && waiting.size() > 0;
    }

    /** Whether it can be thrown away. */
    boolean isIdle(long now) {
        return demand.isForgotten(now) && waiting.size() == 0 && warm.isEmpty() && underWay.isEmpty() && out.isEmpty();
    }

    PoolSnapshot.ModelRow snapshot(long now) {
        return PoolSnapshot.ModelRow.of(target.label(), waiting, warm, underWay.all(), out, demand.warm(now), now);
    }

    // ---- what the sessions tell

    void opened(PooledSession session) {
        long now = loop.now();
        underWay.remove(session);
        session.account().connectEnded();
        if (session.speaksForItsAccount()) {
            session.account().breaker().succeeded(now);
            choice.succeeded(session.account());
        }
        demand.connected(now - session.startedAt());
        loop.events().connected(session.account().name(), Duration.ofNanos(now - session.startedAt()));
        if (!handToNext(session, now, false)) {
            session.keepWarm(now, now + lifetime());
            warm.addLast(session);
            if (stopped || warm.size() > config.warmMax()) {
                retire(session, stopped ? EndReason.STOPPED : EndReason.SURPLUS);
            }
        }
        pump();
        loop.placeFreed();
    }

    void failed(PooledSession session, Failure failure) {
        long now = loop.now();
        underWay.remove(session);
        out.add(session);
        Account account = session.account();
        account.connectEnded();
        if (session.speaksForItsAccount()) {
            account.breaker().failed(failure.fault(), failure.code(), failure.retryAfter(), session.startedAt(), now);
            choice.failed(account, failure, now);
        }
        loop.events().connectFailed(account.name(), failure.code());
        pump();
        loop.placeFreed();
    }

    void checked(PooledSession session) {
        long now = loop.now();
        underWay.remove(session);
        session.checked(now);
        if (!handToNext(session, now, true)) {
            warm.addFirst(session);
        }
        pump();
    }

    /** A warm one ended by itself. */
    void lost(PooledSession session) {
        warm.remove(session);
        underWay.remove(session);
        fillPause.lost(session.since(), loop.now());
    }

    /** The provider told of the account's trouble in an event; a rate or credential may be one client's doing. */
    void reported(PooledSession session, String code) {
        long now = loop.now();
        if (Fault.ofAccountCode(code) == Fault.QUOTA) {
            session.account().breaker().failed(Fault.QUOTA, code, null, now, now);
        } else {
            session.account().breaker().shun(code, now);
        }
    }

    /** The provider closed a session because of its account. */
    void closedWith(PooledSession session, String code) {
        long now = loop.now();
        session.account().breaker().failed(Fault.ofAccountCode(code), code, null, now, now);
    }

    void gone(PooledSession session) {
        if (session.depart()) {
            departed(session);
        }
    }

    /** Ends a warm session. */
    void retire(PooledSession session, EndReason why) {
        warm.remove(session);
        underWay.remove(session);
        out.add(session);
        session.end(why, loop.now());
    }

    // ---- the parts of the pump

    private void handOutWarm(long now) {
        while (!warm.isEmpty() && waiting.sizeWithin(tenants::room) > underWay.checking()) {
            PooledSession session = warm.removeFirst();
            if (!session.isGood()) {
                retire(session, EndReason.ACCOUNT);
            } else if (needsCheck(session, now)) {
                underWay.add(session);
                session.check(now);
            } else if (!handToNext(session, now, true)) {
                warm.addFirst(session);
                return;
            }
        }
    }

    private boolean needsCheck(PooledSession session, long now) {
        return session.silentNanos() >= config.checkAfter().toNanos()
                || session.account().isDoubtful(now)
                || !session.account().breaker().isClosed();
    }

    private boolean handToNext(PooledSession session, long now, boolean wasWarm) {
        Waiter next = waiting.poll(tenants::tryTake);
        if (next == null) {
            return false;
        }
        out.add(session);
        if (wasWarm) {
            fillPause.served();
        }
        loop.events().acquired(Duration.ofNanos(now - next.since()), wasWarm);
        try {
            next.outcome().complete(new Outcome.Connected(session.lease(next.tenant(), now)));
        } catch (RuntimeException bug) {
            LOGGER.atError().addKeyValue("tenant", next.tenant()).setCause(bug).log("a session could not begin");
            session.cut();
        }
        return true;
    }

    private void open(long now) {
        if (stopped) {
            return;
        }
        int eager = waiting.sizeWithin(tenants::room);
        boolean reserve = longestWait(now) >= config.reserveAfter().toNanos();
        starved = false;
        for (int missing = eager - underWay.countedOn(); missing > 0; missing--) {
            if (!connect(reserve, now)) {
                starved = choice.full() != null || choice.isBusy();
                Account full = choice.full();
                if (full != null) {
                    loop.needRoom(full, missing);
                }
                return;
            }
        }
        if (fillPause.isOver(now) && !loop.anyoneStarved()) {
            for (int missing = demand.warm(now) - warm.size() - (underWay.countedOn() - eager);
                    missing > 0;
                    missing--) {
                if (!connect(false, now)) {
                    return;
                }
            }
        }
    }

    private boolean connect(boolean reserve, long now) {
        Account account = choice.claim(reserve, now);
        if (account == null) {
            return false;
        }
        PooledSession session = new PooledSession(this, account, now);
        underWay.add(session);
        session.dial();
        return true;
    }

    private void failTheHopeless(long now) {
        if (waiting.size() > 0 && underWay.isEmpty()) {
            waiting.drop(
                    waiter -> !choice.isHopeful(waiter.deadline(), now),
                    waiter -> refuse(waiter, choice.hopeless(now)));
        }
    }

    private void tooLate(Waiter waiter) {
        refuse(waiter, choice.late(tenants.room(waiter.tenant()) <= 0));
    }

    private void refuse(Waiter waiter, Outcome.Unavailable why) {
        loop.events().refused(why.upstreamCode());
        answer(waiter, why);
    }

    /** Later, because nobody may join the line while it is looked through. */
    private void answer(Waiter waiter, Outcome outcome) {
        loop.later(() -> waiter.outcome().complete(outcome));
    }

    private void departed(PooledSession session) {
        out.remove(session);
        TenantId holder = session.tenant();
        if (holder != null) {
            tenants.giveBack(holder);
        }
        loop.events().ended(session.reason());
        pump();
        loop.placeFreed();
    }

    private long longestWait(long now) {
        long longest = 0;
        for (Waiter head : waiting.heads()) {
            longest = Math.max(longest, now - head.since());
        }
        return longest;
    }

    /** When a connection counts as slow, so that another is opened in its place and its account is doubted. */
    private long slowAfter() {
        return Math.clamp(
                3 * demand.handshakeP99(),
                SLOW_MIN_NANOS,
                Math.max(SLOW_MIN_NANOS, config.acquireTimeout().toNanos() / 2));
    }

    private long lifetime() {
        double rest = 1 - LIFETIME_JITTER * loop.random().nextDouble();
        return (long) (config.warmLifetime().toNanos() * rest);
    }
}
