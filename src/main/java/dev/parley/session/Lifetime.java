package dev.parley.session;

import dev.parley.auth.Caller;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.Refusal;
import dev.parley.tenancy.Tenant;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What bounds a session from outside, whatever its pool mode: its longest life, a drain, a token or tenant that stands no
 * more. Owns the session's timers and its permit. On the session's event loop, but for the methods that say otherwise.
 */
public final class Lifetime {
    private final Context context;
    private final SessionServices services;
    private final SessionOrder order;
    private final Consumer<Ending> end;
    private final Consumer<Tenant> hear;
    private final Runnable look;
    private final SessionTimers timers;
    private final ReturnRate returns;
    private Instant startedAt;
    private long startedNanos;

    /** Whose token stands for the session now: a client that comes back may have a newer one. */
    private Caller caller;

    private boolean draining;
    private boolean lookPending;
    private boolean released;

    /**
     * Begins now.
     *
     * @param context of the session; all that follows is called there
     * @param hear takes the tenant's settings as they are now; most often they are the same
     * @param look sees what can be done now that something has progressed
     */
    public Lifetime(
            Context context,
            SessionServices services,
            SessionOrder order,
            Consumer<Ending> end,
            Consumer<Tenant> hear,
            Runnable look) {
        this.context = context;
        this.services = services;
        this.order = order;
        this.end = end;
        this.hear = hear;
        this.look = look;
        this.timers = new SessionTimers(context.owner());
        this.startedAt = services.ticker().now();
        this.startedNanos = services.ticker().nanos();
        this.returns = new ReturnRate(startedNanos);
        this.caller = order.caller();
    }

    /** It has lasted so long already, elsewhere. Before anything else. */
    Lifetime begunBefore(Duration already) {
        startedAt = startedAt.minus(already);
        startedNanos -= already.toNanos();
        return this;
    }

    public Instant startedAt() {
        return startedAt;
    }

    /** The session as an operator sees it. From any thread. */
    public SessionSnapshot snapshot(Phase phase, int openResponses, NanoUsd spent) {
        return new SessionSnapshot(
                order.id(),
                order.tenant().id(),
                order.caller().subject(),
                order.model(),
                startedAt,
                phase.name(),
                openResponses,
                spent);
    }

    /** As {@link LiveSession#drain}. From any thread. */
    public void drain(Duration wait, Duration deadline) {
        context.runOnContext(_ -> {
            Duration rest = deadline.minus(wait);
            if (wait.isZero()) {
                leave(rest);
            } else {
                timers.after(wait, () -> leave(rest));
            }
        });
    }

    /** As {@link LiveSession#end}. From any thread. */
    public Future<Void> end(Refusal why) {
        Promise<Void> begun = Promise.promise();
        context.runOnContext(_ -> {
            end.accept(Ending.of("broker", why).withoutAlarm());
            begun.complete();
        });
        return begun.future();
    }

    /** As {@link LiveSession#recheck}. From any thread. */
    public void recheck() {
        context.runOnContext(_ -> {
            services.verifier()
                    .recheck(caller)
                    .onSuccess(refusal -> refusal.ifPresent(why -> end.accept(Ending.of("client", why))));
            services.tenants().find(order.tenant().id()).onSuccess(tenant -> tenant.ifPresent(hear));
        });
    }

    /** As {@link LiveSession#admitsReturn}. From any thread. */
    public boolean admitsReturn() {
        return returns.take(services.ticker().nanos());
    }

    /** A client has come back. */
    public void resumedBy(Caller back) {
        caller = back;
    }

    /** Ends the session when its tenant's longest session is over, counted from its start. */
    public void limitLength() {
        Duration longest = order.tenant().sessionLengthMax();
        timers.limit(
                longest.minusNanos(services.ticker().nanos() - startedNanos),
                () -> end.accept(Ending.expired(longest)));
    }

    /** Rechecks from time to time. */
    public void watch(Runnable also) {
        timers.every(services.recheckInterval(), () -> {
            recheck();
            also.run();
        });
    }

    /** Runs it after a while, if the session is not over by then. */
    public void after(Duration wait, Runnable action) {
        timers.after(wait, action);
    }

    /** Whether the session ends as soon as nothing runs in it. */
    public boolean draining() {
        return draining;
    }

    /** Why nothing new may start. */
    public @Nullable Refusal noNewWork() {
        return draining ? Ending.draining() : null;
    }

    /** Looks later, so that the event that brought the progress is on its way before anything is closed. */
    public void progressed() {
        if (!lookPending) {
            lookPending = true;
            context.runOnContext(_ -> {
                lookPending = false;
                look.run();
            });
        }
    }

    /** Stops the timers and gives the permit back. True the first time only. */
    public boolean release() {
        if (released) {
            return false;
        }
        released = true;
        timers.stop();
        order.permit().release();
        return true;
    }

    /** Whether the permit has gone back. */
    public boolean isReleased() {
        return released;
    }

    private void leave(Duration rest) {
        draining = true;
        timers.after(rest, () -> end.accept(Ending.drained()));
        progressed();
    }
}
