package dev.parley.pool;

import dev.parley.domain.TenantId;
import dev.parley.relay.Leg;
import dev.parley.relay.LegEnd;
import dev.parley.upstream.Account;
import dev.parley.upstream.Dialer;
import dev.parley.upstream.Fault;
import dev.parley.upstream.Unavailable;
import dev.parley.upstream.UpstreamConnector.Lease;
import dev.parley.upstream.UpstreamConnector.UpstreamSession;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One upstream session in the pool's books, from its first byte to its last: it holds a place of its account until its
 * socket is gone, and gives it back once. On one event loop.
 *
 * <pre>
 *   CONNECTING ─▶ WARM ◀─▶ CHECKING
 *     │   │        │           │
 *     │   └──▶ LEASED          │
 *     │            │           │
 *     └────────────┴───────────┴──▶ ENDING ─▶ GONE
 * </pre>
 */
final class PooledSession implements Dialer.Call, Lease {
    private static final Logger LOGGER = LoggerFactory.getLogger(PooledSession.class);

    private final ModelPool pool;
    private final Account account;
    private final Dialer dialer;
    private final long startedAt;
    private State state = State.CONNECTING;
    private long since;
    private boolean slow;
    private Dialer.@Nullable Opened opened;
    private @Nullable WarmGate gate;
    private @Nullable TenantId tenant;
    private EndReason reason = EndReason.NOT_OPENED;
    private long expiresAt;
    private boolean seenOver;
    private long seenOverAt;

    enum State {
        CONNECTING,
        WARM,
        CHECKING,
        LEASED,
        ENDING,
        GONE
    }

    PooledSession(ModelPool pool, Account account, long now) {
        this.pool = pool;
        this.account = account;
        this.dialer = account.dialer();
        this.startedAt = now;
        this.since = now;
    }

    Account account() {
        return account;
    }

    State state() {
        return state;
    }

    /** When it began to connect. */
    long startedAt() {
        return startedAt;
    }

    /** When its state began. */
    long since() {
        return since;
    }

    @Nullable
    TenantId tenant() {
        return tenant;
    }

    EndReason reason() {
        return reason;
    }

    /** Whether what it meets says something of the account as it is: with an older key or address it does not. */
    boolean speaksForItsAccount() {
        return account.isDialedBy(dialer);
    }

    // ---- connecting

    void dial() {
        try {
            dialer.dial(pool.target(), this);
        } catch (RuntimeException bug) { // its place must not be taken for ever
            LOGGER.atError()
                    .addKeyValue("account", account.name())
                    .setCause(bug)
                    .log("a connection could not begin");
            failed(new Dialer.Failure(
                    Fault.UNREACHABLE, "internal", null, Unavailable.refusal("The upstream could not be reached.")));
            gone();
        }
    }

    @Override
    public void opened(Dialer.Opened fresh) {
        opened = fresh;
        pool.opened(this);
    }

    @Override
    public void failed(Dialer.Failure failure) {
        state = State.ENDING;
        pool.failed(this, failure);
    }

    @Override
    public void gone() {
        pool.gone(this);
    }

    /** Notes once that it takes longer than it should; true if that is news. */
    boolean becomesSlow() {
        if (slow) {
            return false;
        }
        slow = true;
        account.slowConnects(1);
        return true;
    }

    boolean isSlow() {
        return slow;
    }

    void noLongerSlow() {
        if (slow) {
            slow = false;
            account.slowConnects(-1);
        }
    }

    // ---- warm

    void keepWarm(long now, long until) {
        become(State.WARM, now);
        expiresAt = until;
        WarmGate judge = new WarmGate(this);
        gate = judge;
        leg().judge(judge);
    }

    boolean isExpired(long now) {
        return now - expiresAt >= 0;
    }

    /** Whether it may be handed out: its account still stands behind it. */
    boolean isGood() {
        return leg().isOpen()
                && account.isActive()
                && speaksForItsAccount()
                && !account.breaker().distrustsOpenSessions();
    }

    long silentNanos() {
        return leg().pulse().silentNanos();
    }

    /** Asks the provider for a sign of life. */
    void check(long now) {
        become(State.CHECKING, now);
        leg().pulse().ask(() -> {
            if (state == State.CHECKING) {
                pool.checked(this);
            }
        });
    }

    void checked(long now) {
        become(State.WARM, now);
    }

    /** The provider said what it does not say to a session that nobody uses. */
    void spoiled(String code) {
        if (state != State.WARM && state != State.CHECKING) {
            return; // it is on its way out already
        }
        reported(code);
        pool.retire(this, EndReason.POISONED);
    }

    void endedUnused(LegEnd end) {
        closed(end);
        if (state == State.WARM || state == State.CHECKING) {
            reason = EndReason.LOST;
            pool.lost(this);
        }
        pool.gone(this);
    }

    // ---- leased

    /** Hands it over; it never comes back. */
    UpstreamSession lease(TenantId holder, long now) {
        become(State.LEASED, now);
        tenant = holder;
        reason = EndReason.USED;
        WarmGate judge = gate;
        gate = null;
        Dialer.Opened fresh = Objects.requireNonNull(opened);
        return new UpstreamSession(
                fresh.leg(),
                account.name(),
                fresh.id(),
                fresh.created(),
                judge == null ? List.of() : judge.early(),
                fresh.names(),
                this);
    }

    @Override
    public void ended(LegEnd end) {
        closed(end);
        pool.gone(this);
    }

    @Override
    public void reported(String code) {
        if (Fault.isOfAccount(code) && speaksForItsAccount()) {
            pool.reported(this, code);
        }
    }

    /** Whether its socket should be gone, and for so long nobody has said that it is. */
    boolean isForsaken(long now, Duration patience) {
        boolean over = state == State.ENDING || (state == State.LEASED && !leg().isOpen());
        if (over && !seenOver) {
            seenOver = true;
            seenOverAt = now;
        }
        return over && now - seenOverAt >= patience.toNanos();
    }

    // ---- the end

    /** Ends it from the pool's side; {@link ModelPool#gone} follows when the socket is gone. */
    void end(EndReason why, long now) {
        become(State.ENDING, now);
        reason = why;
        leg().close(1000, "");
    }

    /** Its socket goes now, and whoever judges it is told. */
    void cut() {
        if (opened != null) {
            leg().cut();
        }
    }

    /** Ends the books and gives the place back; true the first time. */
    boolean depart() {
        if (state == State.GONE) {
            return false;
        }
        state = State.GONE;
        account.giveBack();
        return true;
    }

    /** Ends the books of one that nobody has spoken for. */
    boolean departForsaken() {
        reason = EndReason.LEAKED;
        cut();
        return depart();
    }

    private void closed(LegEnd end) {
        if (end.cause() == LegEnd.Cause.PEER_CLOSED && speaksForItsAccount()) {
            Fault.inReason(end.reason()).ifPresent(code -> pool.closedWith(this, code));
        }
    }

    private void become(State next, long now) {
        state = next;
        since = now;
    }

    private Leg leg() {
        return Objects.requireNonNull(opened).leg();
    }
}
