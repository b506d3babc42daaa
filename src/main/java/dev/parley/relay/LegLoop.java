package dev.parley.relay;

import io.netty.channel.EventLoop;
import io.vertx.core.internal.ContextInternal;

/** The event loop of one leg, with the Vert.x context on which its gate is called. */
final class LegLoop {
    private final EventLoop loop;
    private final ContextInternal context;

    LegLoop(EventLoop loop, ContextInternal context) {
        this.loop = loop;
        this.context = context;
    }

    boolean isCurrent() {
        return loop.inEventLoop();
    }

    /** Runs a task now if this is the event loop, else there. */
    void run(Runnable task) {
        if (loop.inEventLoop()) {
            dispatch(task);
        } else {
            later(task);
        }
    }

    /** Runs a task after the one that runs now. */
    void later(Runnable task) {
        loop.execute(() -> dispatch(task));
    }

    /** Runs a task on the context, here and now. */
    void dispatch(Runnable task) {
        ContextInternal outer = context.beginDispatch();
        try {
            task.run();
        } finally {
            context.endDispatch(outer);
        }
    }
}
