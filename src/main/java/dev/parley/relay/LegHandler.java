package dev.parley.relay;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.util.ReferenceCountUtil;
import java.util.function.Function;

/**
 * Stands in the pipeline where Vert.x's WebSocket codecs stood. Vert.x's own handler stays behind it and learns of the
 * socket's end, so its books stay right; a close frame that Vert.x writes, as when its server is closed, becomes the leg's.
 */
@SuppressWarnings("FutureReturnValueIgnored") // the pipeline tells how writes and closes end
final class LegHandler extends ChannelDuplexHandler {
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

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        if (message instanceof CloseWebSocketFrame frame) {
            leg.close(frame.statusCode() < 0 ? CloseCodes.NORMAL : frame.statusCode(), frame.reasonText());
            frame.release();
            promise.trySuccess();
        } else if (message instanceof ByteBuf bytes && !bytes.isReadable()) {
            ctx.write(message, promise); // how Vert.x flushes
        } else {
            ReferenceCountUtil.release(message);
            promise.tryFailure(new IllegalStateException("the relay owns this socket"));
        }
    }
}
