package dev.parley.relay;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;

/** Ends our side of a socket. */
@SuppressWarnings("FutureReturnValueIgnored") // the pipeline tells how it ends
final class SocketEnd {
    private SocketEnd() {}

    /**
     * Sends the end of our side and leaves the other open: closing a socket with unread bytes could reset it before the
     * peer has read the close frame.
     */
    static void halve(ChannelHandlerContext ctx) {
        SslHandler tls = ctx.pipeline().get(SslHandler.class);
        if (tls != null) {
            tls.closeOutbound();
        }
        if (ctx.channel() instanceof DuplexChannel duplex && ctx.channel().isActive()) {
            duplex.shutdownOutput();
        }
    }
}
