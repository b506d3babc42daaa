package dev.parley.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;

/** What a full socket has not taken yet. Used under its own lock: two threads may send. */
final class Outbox {
    private final SocketChannel channel;
    private final ArrayDeque<ByteBuffer> waiting = new ArrayDeque<>();

    Outbox(SocketChannel channel) {
        this.channel = channel;
    }

    synchronized void send(ByteBuffer frame, SelectionKey key) throws IOException {
        ByteBuffer bytes = frame.duplicate();
        if (waiting.isEmpty()) {
            channel.write(bytes);
        }
        if (bytes.hasRemaining()) {
            waiting.add(bytes);
            key.interestOpsOr(SelectionKey.OP_WRITE);
        }
    }

    synchronized void flush(SelectionKey key) throws IOException {
        while (!waiting.isEmpty()) {
            ByteBuffer bytes = waiting.peek();
            channel.write(bytes);
            if (bytes.hasRemaining()) {
                return;
            }
            waiting.remove();
        }
        key.interestOpsAnd(~SelectionKey.OP_WRITE);
    }
}
