package dev.parley.upstream;

import dev.parley.concurrent.Ticker;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Keeps an account that does not work from being tried again and again. One state for all event loops of a node, changed by
 * compare-and-set; it is asked when connections are opened, never for a message. Times are of {@link Ticker#nanos()}.
 *
 * <pre>
 *   CLOSED ──unreachable, rate limit, quota──▶ OPEN ──time is up: one caller may try──▶ PROBING
 *      ▲ ▲                                       ▲                                        │ │
 *      │ └──────────────probe succeeds───────────┼────────────────────────────────────────┘ │
 *      │                                         └───────────probe fails: longer────────────┘
 *      └──an operator acts── LOCKED ◀── credential refused, from any state
 * </pre>
 *
 * One that cannot be reached is left alone for a second, then two, four, up to 15; a rate limit for as long as the provider
 * says; a used-up quota for a minute, then two, up to ten. A single failure among successes does not open it, half of the
 * last {@value #WINDOW} do.
 */
public final class Breaker {
    static final int WINDOW = 20;
    private static final Duration UNREACHABLE_FIRST = Duration.ofSeconds(1);
    private static final Duration UNREACHABLE_MAX = Duration.ofSeconds(15);
    private static final Duration RATE_DEFAULT = Duration.ofSeconds(5);
    private static final Duration RATE_MAX = Duration.ofMinutes(10);
    private static final Duration QUOTA_FIRST = Duration.ofMinutes(1);
    private static final Duration QUOTA_MAX = Duration.ofMinutes(10);
    private static final Duration QUOTA_MEMORY = Duration.ofMinutes(30);
    private static final int RATIO_SECONDS_MIN = 5;
    private static final int RATIO_SECONDS_MAX = 15;

    private final RandomGenerator random;
    private final AtomicReference<Status> status = new AtomicReference<>(Status.FRESH);

    public Breaker(RandomGenerator random) {
        this.random = random;
    }

    /** Where it stands. */
    public enum State {
        /** All may connect. */
        CLOSED,
        /** Nobody may, until a time. */
        OPEN,
        /** One is trying. */
        PROBING,
        /** Nobody may, until an operator acts. */
        LOCKED
    }

    /**
     * What is known at a time.
     *
     * @param until when OPEN ends
     * @param strikes how often in a row it could not be reached
     * @param shunnedUntil passed over until then when there is another account
     * @param cause the last fault's code, for operators; null when there was none
     */
    public record Status(
            State state,
            long until,
            int strikes,
            long shunnedUntil,
            @Nullable String cause,
            QuotaStrikes quota,
            Outcomes outcomes) {
        static final Status FRESH =
                new Status(State.CLOSED, 0, 0, Long.MIN_VALUE, null, new QuotaStrikes(0, 0), Outcomes.NONE);

        private Status to(State next, long nextUntil, @Nullable String nextCause, int nextStrikes) {
            Outcomes kept = next == State.CLOSED ? outcomes : outcomes.withoutWindow();
            return new Status(next, nextUntil, nextStrikes, shunnedUntil, nextCause, quota, kept);
        }

        private Status with(boolean success, long at) {
            return new Status(state, until, strikes, shunnedUntil, cause, quota, outcomes.and(success, at));
        }

        private Status shunned(long end, String why) {
            return new Status(state, until, strikes, end, why, quota, outcomes);
        }

        private Status quota(int number, long at) {
            return new Status(state, until, strikes, shunnedUntil, cause, new QuotaStrikes(number, at), outcomes);
        }
    }

    /** How often in a row the quota was used up, and when last. */
    record QuotaStrikes(int number, long at) {}

    /**
     * How attempts went.
     *
     * @param succeededAt the last time; no time while not {@code succeededEver}
     * @param failures of the last {@value #WINDOW} attempts, a bit each, the last one lowest
     * @param known how many of these there have been
     */
    record Outcomes(long succeededAt, boolean succeededEver, int failures, int known) {
        private static final Outcomes NONE = new Outcomes(0, false, 0, 0);

        private Outcomes and(boolean success, long at) {
            return new Outcomes(
                    success ? at : succeededAt,
                    succeededEver || success,
                    (failures << 1 | (success ? 0 : 1)) & ((1 << WINDOW) - 1),
                    Math.min(WINDOW, known + 1));
        }

        private Outcomes withoutWindow() {
            return new Outcomes(succeededAt, succeededEver, 0, 0);
        }

        private boolean succeededSince(long time) {
            return succeededEver && succeededAt - time >= 0;
        }

        private boolean mostlyFailures() {
            return known == WINDOW && Integer.bitCount(failures) * 2 > WINDOW;
        }
    }

    public Status status() {
        return Objects.requireNonNull(status.get());
    }

    public boolean isClosed() {
        return status().state() == State.CLOSED;
    }

    /** Whether a connection may be opened now. True in state OPEN makes the caller the one that probes. */
    public boolean pass(long now) {
        Status is = status();
        return switch (is.state()) {
            case CLOSED -> true;
            case OPEN ->
                now - is.until() >= 0
                        && status.compareAndSet(is, is.to(State.PROBING, is.until(), is.cause(), is.strikes()));
            case PROBING, LOCKED -> false;
        };
    }

    /** Whether {@link #pass} could be true before {@code time}; a probe under way may end at any moment. */
    public boolean mayPassBefore(long time) {
        Status is = status();
        return switch (is.state()) {
            case CLOSED, PROBING -> true;
            case OPEN -> time - is.until() > 0;
            case LOCKED -> false;
        };
    }

    /** Whether another account is better at this time, if there is one. */
    public boolean isShunned(long now) {
        Status is = status();
        return is.shunnedUntil() != Long.MIN_VALUE && now - is.shunnedUntil() < 0;
    }

    /** Whether sessions opened before its trouble are of no use either: a credential or quota is behind them too. */
    public boolean distrustsOpenSessions() {
        Status is = status();
        return is.state() == State.LOCKED
                || (is.state() != State.CLOSED && is.quota().number() > 0 && is.strikes() == 0);
    }

    /** A session was opened. */
    public void succeeded(long now) {
        change(is -> switch (is.state()) {
            case CLOSED, PROBING -> is.to(State.CLOSED, 0, is.cause(), 0).with(true, now);
            case OPEN ->
                is.strikes() > 0 ? is.to(State.CLOSED, 0, is.cause(), 0).with(true, now) : is;
            case LOCKED -> is;
        });
    }

    /**
     * A session could not be opened, or an open one told of the account's trouble.
     *
     * @param startedAt when the attempt began: one that failed among others that succeed says little
     */
    public void failed(Fault fault, String code, @Nullable Duration retryAfter, long startedAt, long now) {
        change(is -> switch (fault) {
            case REQUEST -> is.state() == State.PROBING ? is.to(State.CLOSED, 0, is.cause(), 0) : is;
            case CREDENTIAL -> is.to(State.LOCKED, 0, code, 0);
            case RATE -> left(is, now, bounded(retryAfter == null ? RATE_DEFAULT : retryAfter), code);
            case QUOTA -> quota(is, now, code);
            case UNREACHABLE -> unreachable(is, startedAt, now, code);
        });
    }

    /** A running session met the account's rate limit: others are better for a while, but it works. */
    public void shun(String code, long now) {
        change(is -> is.shunned(now + RATE_DEFAULT.toNanos(), code));
    }

    /** An operator has acted: all is forgotten. */
    public void reset() {
        status.set(Status.FRESH);
    }

    private void change(UnaryOperator<Status> step) {
        status.updateAndGet(step);
    }

    private Status unreachable(Status is, long startedAt, long now, String code) {
        boolean othersSucceed = is.outcomes().succeededSince(startedAt);
        Status noted = is.with(false, now);
        return switch (is.state()) {
            case CLOSED -> {
                if (noted.outcomes().mostlyFailures()) {
                    long seconds = random.nextInt(RATIO_SECONDS_MIN, RATIO_SECONDS_MAX + 1);
                    yield noted.to(State.OPEN, now + Duration.ofSeconds(seconds).toNanos(), code, 1);
                }
                yield othersSucceed ? noted : openFor(noted, now, code);
            }
            case PROBING -> openFor(noted, now, code);
            case OPEN, LOCKED -> is;
        };
    }

    private static Status openFor(Status is, long now, String code) {
        int strikes = is.strikes() + 1;
        return is.to(State.OPEN, now + doubled(UNREACHABLE_FIRST, UNREACHABLE_MAX, strikes), code, strikes);
    }

    private static Status quota(Status is, long now, String code) {
        if (is.state() == State.LOCKED || is.state() == State.OPEN) {
            return is; // sessions that were open before say it again and again
        }
        boolean again = is.quota().number() > 0 && now - is.quota().at() < QUOTA_MEMORY.toNanos();
        int strikes = again ? is.quota().number() + 1 : 1;
        return is.quota(strikes, now).to(State.OPEN, now + doubled(QUOTA_FIRST, QUOTA_MAX, strikes), code, 0);
    }

    /** Without strikes, so that no late success ends what the provider asked for. */
    private static Status left(Status is, long now, Duration time, String code) {
        long end = now + time.toNanos();
        return switch (is.state()) {
            case CLOSED, PROBING -> is.to(State.OPEN, end, code, 0);
            case OPEN -> end - is.until() > 0 ? is.to(State.OPEN, end, code, 0) : is;
            case LOCKED -> is;
        };
    }

    private static Duration bounded(Duration asked) {
        Duration least = asked.isPositive() ? asked : Duration.ofMillis(1);
        return least.compareTo(RATE_MAX) > 0 ? RATE_MAX : least;
    }

    private static long doubled(Duration first, Duration max, int strikes) {
        return Math.min(max.toNanos(), first.toNanos() << Math.min(strikes - 1, 10));
    }
}
