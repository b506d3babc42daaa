package dev.parley.relay;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import io.vertx.core.net.impl.ShutdownEvent;
import java.util.function.Function;

/** Stands in the pipeline where Vert.x's WebSocket codecs and its connection handler stood. */
final class LegHandler extends ChannelInboundHandlerAdapter {
    private final Function<ChannelHandlerContext, BytesLeg> maker;

    @SuppressWarnings("NullAway.Init") // set by Netty's first call
    private BytesLeg leg;

    LegHandler(Function<ChannelHandlerContext, BytesLeg> maker) {
        this.maker = maker;
    }

    BytesLeg leg() {
        return leg;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        leg = maker.apply(ctx);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof ByteBuf bytes) {
            leg.read(bytes);
        } else {
            ReferenceCountUtil.release(message);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        leg.readComplete();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        leg.writabilityChanged();
        ctx.fireChannelWritabilityChanged();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        leg.lost();
        ctx.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        leg.broken(cause);
    }

    /** Vert.x asks every channel of a server or client that is closed to end. */
    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ShutdownEvent) {
            leg.close(CloseCodes.NORMAL, "");
        } else {
            ctx.fireUserEventTriggered(event);
        }
    }
}
