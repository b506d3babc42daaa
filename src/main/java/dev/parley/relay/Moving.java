package dev.parley.relay;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.util.ReferenceCountUtil;
import io.vertx.core.Promise;
import java.util.ArrayDeque;

/**
 * Stands in the pipeline of a socket that moves to another event loop: keeps what had been read of it until its leg is made
 * there. Nothing is read meanwhile.
 */
@SuppressWarnings("FutureReturnValueIgnored") // the listeners tell
final class Moving extends ChannelInboundHandlerAdapter {
    private final ArrayDeque<ByteBuf> read = new ArrayDeque<>(1);
    private final Promise<BytesLeg> moved;

    Moving(Promise<BytesLeg> moved) {
        this.moved = moved;
    }

    /** Leaves the event loop; there, {@code leg} takes over. */
    void to(Channel channel, EventLoop there, LegHandler leg) {
        EventLoop here = channel.eventLoop();
        channel.deregister().addListener((ChannelFutureListener) left -> {
            if (left.isSuccess()) {
                here.execute(() -> arrive(channel, there, leg)); // Netty still tidies up behind this listener
            } else {
                failed(channel, left.cause());
            }
        });
    }

    private void arrive(Channel channel, EventLoop there, LegHandler leg) {
        there.register(channel).addListener((ChannelFutureListener) arrived -> arrived(channel, leg, arrived.cause()));
    }

    private void arrived(Channel channel, LegHandler leg, Throwable failure) {
        if (failure != null || !channel.isActive()) {
            failed(channel, failure == null ? new java.nio.channels.ClosedChannelException() : failure);
            return;
        }
        channel.pipeline().replace(this, Takeover.NAME, leg);
        while (!read.isEmpty()) {
            leg.leg().read(read.remove());
        }
        moved.complete(leg.leg());
    }

    private void failed(Channel channel, Throwable failure) {
        read.forEach(ByteBuf::release);
        read.clear();
        channel.close();
        moved.tryFail(failure);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof ByteBuf bytes) {
            read.add(bytes);
        } else {
            ReferenceCountUtil.release(message);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        failed(ctx.channel(), cause);
    }
}
