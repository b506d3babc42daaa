package dev.parley.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** A client of the benchmark: one WebSocket on a plain socket. */
final class LoadConnection implements FrameReader.Listener {
    private static final int HEAD_BYTES_MAX = 16 * 1024;
    private static final String REQUEST_KEY = "dGhlIHNhbXBsZSBub25jZQ==";

    private final SocketChannel channel;
    private final Outbox outbox;
    private final FrameReader frames = new FrameReader(this);
    private final Hears hears;
    private @Nullable SelectionKey key;
    private boolean opened;
    private boolean closed;
    private final DueTimes dueTimes = new DueTimes();

    /** Hears each message of a connection with its length. */
    @FunctionalInterface
    interface Hears {
        void onMessage(LoadConnection connection, long bytes);
    }

    private LoadConnection(SocketChannel channel, Hears hears) {
        this.channel = channel;
        this.outbox = new Outbox(channel);
        this.hears = hears;
    }

    /** Connects, upgrades, and waits for the first message; blocks. */
    static LoadConnection open(Destination to, Hears hears) throws IOException {
        SocketChannel channel = SocketChannel.open();
        try {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), to.port()));
            LoadConnection connection = new LoadConnection(channel, hears);
            connection.handshake(to);
            return connection;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    DueTimes dueTimes() {
        return dueTimes;
    }

    void register(Selector selector) throws IOException {
        channel.configureBlocking(false);
        key = channel.register(selector, SelectionKey.OP_READ, this);
    }

    void send(ByteBuffer frame) throws IOException {
        SelectionKey mine = key;
        if (mine != null) {
            outbox.send(frame, mine);
        }
    }

    /** Reads what has come; the selector's thread. */
    void ready(ByteBuffer buffer) throws IOException {
        SelectionKey mine = key;
        if (mine == null) {
            return;
        }
        if (mine.isWritable()) {
            outbox.flush(mine);
        }
        if (mine.isReadable()) {
            buffer.clear();
            if (channel.read(buffer) < 0) {
                closed = true;
                throw new IOException("the other side closed the connection");
            }
            buffer.flip();
            frames.read(buffer);
        }
    }

    void close() throws IOException {
        channel.close();
    }

    private void handshake(Destination to) throws IOException {
        String request = "GET " + to.path() + " HTTP/1.1\r\nHost: 127.0.0.1:" + to.port()
                + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
                + REQUEST_KEY + "\r\n" + (to.token().isEmpty() ? "" : "Authorization: Bearer " + to.token() + "\r\n")
                + "\r\n";
        channel.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.US_ASCII)));
        readHead();
        ByteBuffer buffer = ByteBuffer.allocate(HEAD_BYTES_MAX);
        while (!opened) {
            buffer.clear();
            if (channel.read(buffer) < 0 || closed) {
                throw new IOException("closed before session.created");
            }
            frames.read(buffer.flip());
        }
    }

    /** One byte after the other, so that nothing behind the head is lost; once a connection. */
    private void readHead() throws IOException {
        StringBuilder head = new StringBuilder();
        ByteBuffer one = ByteBuffer.allocate(1);
        while (!head.toString().endsWith("\r\n\r\n")) {
            one.clear();
            if (channel.read(one) < 0 || head.length() > HEAD_BYTES_MAX) {
                throw new IOException("no answer to the upgrade");
            }
            head.append((char) one.get(0));
        }
        if (!head.toString().startsWith("HTTP/1.1 101")) {
            throw new IOException("refused: " + head.substring(0, head.indexOf("\r\n")));
        }
    }

    @Override
    public boolean wantsWhole(byte[] prefix) {
        return false;
    }

    @Override
    public void onMessage(long bytes, @Nullable String whole) {
        if (opened) {
            hears.onMessage(this, bytes);
        }
        opened = true;
    }

    @Override
    public void onControl(int opcode, byte[] payload) {
        if (opcode == Wire.CLOSE) {
            closed = true;
        } else if (opcode == Wire.PING) {
            try {
                send(Wire.frame(Wire.PONG, payload, true));
            } catch (IOException _) {
                closed = true;
            }
        }
    }

    /**
     * Where to connect to.
     *
     * @param token empty: none
     */
    record Destination(int port, String path, String token) {}
}
