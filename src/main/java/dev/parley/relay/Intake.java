package dev.parley.relay;

import io.netty.channel.ChannelHandlerContext;
import java.util.concurrent.TimeUnit;

/**
 * Turns reading from one socket on and off. One event loop.
 *
 * <p>On io_uring (Netty 4.2.15, {@code AbstractUringUnsafe.readComplete}) a read that is turned off, and on again before its
 * cancellation is back, is forgotten: reading is on, and nothing is read for ever. So a read is asked for once more when that
 * has settled, and at every sweep. Asking for one that is under way does nothing.
 */
final class Intake {
    private static final long SETTLED_MILLIS = 1;

    private final ChannelHandlerContext ctx;
    private boolean asksAgain;

    Intake(ChannelHandlerContext ctx) {
        this.ctx = ctx;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the sweep asks too
    void turn(boolean on) {
        if (on == ctx.channel().config().isAutoRead()) {
            return;
        }
        ctx.channel().config().setAutoRead(on);
        if (on && !asksAgain && !ctx.executor().isShuttingDown()) {
            asksAgain = true;
            ctx.executor().schedule(this::again, SETTLED_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    /** Asks for a read, if reading is on. */
    void ask() {
        if (ctx.channel().config().isAutoRead()) {
            ctx.read();
        }
    }

    private void again() {
        asksAgain = false;
        ask();
    }
}
