package dev.parley.relay;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandler;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.handler.codec.http.websocketx.WebSocketFrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocketFrameEncoder;
import io.netty.handler.stream.ChunkedWriteHandler;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketFrame;
import io.vertx.core.internal.http.WebSocketInternal;
import java.util.List;

/**
 * Takes a socket over from Vert.x after its upgrade: the codecs go, and what had been read by then stays, in order. Vert.x's
 * connection handler goes too, told that its connection has ended, so that its books are right and the some twenty kilobytes
 * of queues and headers that it keeps for each connection are free; {@code SslHandler} stays at the head of the pipeline.
 */
final class Takeover {
    /** The handler's name in the pipeline. */
    static final String NAME = "relay";

    private Takeover() {}

    static ChannelHandlerContext contextOf(WebSocket socket) {
        return ((WebSocketInternal) socket).channelHandlerContext();
    }

    /** Puts a decoder that takes no frame of more than this into the place of the one of a server's socket. */
    static void bound(WebSocket socket, int frameBytesMax) {
        ChannelPipeline pipeline = contextOf(socket).pipeline();
        ChannelHandlerContext decoder = pipeline.context(WebSocketFrameDecoder.class);
        pipeline.replace(
                decoder.name(),
                decoder.name(),
                new WebSocket13FrameDecoder(WebSocketDecoderConfig.newBuilder()
                        .expectMaskedFrames(true)
                        .allowExtensions(false)
                        .maxFramePayloadLength(frameBytesMax)
                        .build()));
    }

    /**
     * Puts a handler into the codecs' place, which hears what had been read.
     *
     * @param before frames that were read, and that it hears before the rest
     */
    static void run(WebSocket socket, ChannelInboundHandler handler, boolean fromClient, List<WebSocketFrame> before) {
        ChannelHandlerContext vertx = contextOf(socket);
        ByteBuf early = vertx.alloc().ioBuffer(0);
        before.forEach(frame -> append(early, frame, fromClient));
        decodedEarly(socket, vertx, fromClient, early);
        vertx.channel().config().setAutoRead(false);
        ChannelPipeline pipeline = vertx.pipeline();
        ChannelHandlerContext decoder = pipeline.context(WebSocketFrameDecoder.class);
        pipeline.addAfter(decoder.name(), NAME, handler);
        hear(handler, pipeline.context(NAME), early);
        // Bytes that the decoder had not yet made into frames come out of it now, and the leg keeps them until its
        // start.
        pipeline.remove(decoder.name());
        remove(pipeline, WebSocketFrameEncoder.class);
        remove(pipeline, ChunkedWriteHandler.class);
        if (vertx.channel().isActive()) {
            // If not, the end itself is on its way to Vert.x, or was there.
            letGo(vertx, pipeline);
        }
    }

    private static void hear(ChannelInboundHandler handler, ChannelHandlerContext ctx, ByteBuf early) {
        try {
            handler.channelRead(ctx, early);
        } catch (Exception e) {
            throw new IllegalStateException("what was read early cannot be kept", e);
        }
    }

    private static void letGo(ChannelHandlerContext vertx, ChannelPipeline pipeline) {
        try {
            ((ChannelInboundHandler) vertx.handler()).channelInactive(vertx);
        } catch (Exception e) {
            throw new IllegalStateException("Vert.x did not let its connection go", e);
        }
        pipeline.remove(vertx.name());
    }

    /** What Vert.x had already decoded, as the bytes that it was. */
    private static void decodedEarly(
            WebSocket socket, ChannelHandlerContext vertx, boolean fromClient, ByteBuf frames) {
        if (socket.isClosed()) {
            Short code = socket.closeStatusCode();
            String reason = socket.closeReason();
            ByteBuf close = Frames.close(
                    vertx.alloc(), code == null ? CloseCodes.NONE : code, reason == null ? "" : reason, fromClient);
            frames.writeBytes(close);
            close.release();
        } else {
            socket.frameHandler(frame -> append(frames, frame, fromClient));
            socket.resume();
            if (!socket.isClosed()) {
                socket.frameHandler(null);
            }
        }
    }

    private static void append(ByteBuf frames, WebSocketFrame frame, boolean masked) {
        int opcode = switch (frame.type()) {
            case CONTINUATION -> FrameHeader.CONTINUATION;
            case TEXT -> FrameHeader.TEXT;
            case BINARY -> FrameHeader.BINARY;
            case CLOSE -> FrameHeader.CLOSE;
            case PING, PONG -> FrameHeader.PONG; // Vert.x has answered
        };
        Frames.write(frames, opcode, frame.isFinal(), frame.binaryData().getBytes(), masked);
    }

    private static void remove(ChannelPipeline pipeline, Class<? extends ChannelHandler> type) {
        ChannelHandlerContext handler = pipeline.context(type);
        if (handler != null) {
            pipeline.remove(handler.name());
        }
    }
}
