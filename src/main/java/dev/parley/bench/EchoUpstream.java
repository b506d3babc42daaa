package dev.parley.bench;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The provider's side of the benchmark: sends {@code session.created} first, and answers each {@code
 * input_audio_buffer.append} with a {@code response.output_audio.delta} of the same length. One thread on plain sockets, so
 * that it costs little beside what is measured.
 */
final class EchoUpstream implements Runnable {
    private static final Pattern KEY = Pattern.compile("(?im)^sec-websocket-key:\\s*(\\S+)\\s*$");
    private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    private static final int BUFFER_BYTES = 256 * 1024;
    private static final int HEAD_BYTES_MAX = 16 * 1024;
    private static final int BACKLOG = 4096;
    /** Where {@code append} and the broker's own events first differ. */
    private static final int TYPE_AT = 9;

    private final Selector selector;
    private final ServerSocketChannel server;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
    private final Map<Long, ByteBuffer> deltas = new HashMap<>();
    private final ByteBuffer created =
            Wire.frame(Wire.TEXT, Messages.sessionEvent("session.created", Messages.session()), false);
    private final ByteBuffer responseCreated = Wire.frame(Wire.TEXT, Messages.responseCreated(), false);
    private final ByteBuffer responseCancelled = Wire.frame(Wire.TEXT, Messages.responseCancelled(), false);
    private final AtomicInteger connections = new AtomicInteger();

    EchoUpstream(int port) throws IOException {
        selector = Selector.open();
        server = ServerSocketChannel.open();
        server.setOption(StandardSocketOptions.SO_REUSEADDR, true);
        server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), BACKLOG);
        server.configureBlocking(false);
        server.register(selector, SelectionKey.OP_ACCEPT);
    }

    int connections() {
        return connections.get();
    }

    @Override
    public void run() {
        try {
            while (selector.isOpen()) {
                selector.select(this::ready);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void ready(SelectionKey key) {
        try {
            if (key.isAcceptable()) {
                accept();
            } else if (key.attachment() instanceof Connection connection) {
                connection.ready();
            }
        } catch (IOException _) {
            close(key);
        }
    }

    private void accept() throws IOException {
        SocketChannel channel = server.accept();
        if (channel == null) {
            return;
        }
        channel.configureBlocking(false);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        SelectionKey key = channel.register(selector, SelectionKey.OP_READ);
        key.attach(new Connection(channel, key));
        connections.incrementAndGet();
    }

    private void close(SelectionKey key) {
        if (key.isValid()) {
            key.cancel();
            connections.decrementAndGet();
        }
        try {
            key.channel().close();
        } catch (IOException _) {
            // It is gone either way.
        }
    }

    private static String acceptOf(String key) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-1").digest((key + GUID).getBytes(StandardCharsets.US_ASCII));
            return Base64.getEncoder().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** One upstream session. */
    private final class Connection implements FrameReader.Listener {
        private final SocketChannel channel;
        private final SelectionKey key;
        private final Outbox outbox;
        private final FrameReader frames = new FrameReader(this);
        private @Nullable StringBuilder head = new StringBuilder();
        private JsonObject session = new JsonObject(Messages.session());
        private boolean responding;

        Connection(SocketChannel channel, SelectionKey key) {
            this.channel = channel;
            this.key = key;
            this.outbox = new Outbox(channel);
        }

        void ready() throws IOException {
            if (key.isWritable()) {
                outbox.flush(key);
            }
            if (!key.isReadable()) {
                return;
            }
            buffer.clear();
            if (channel.read(buffer) < 0) {
                close(key);
                return;
            }
            buffer.flip();
            StringBuilder opening = head;
            if (opening != null) {
                readHead(opening);
            } else {
                frames.read(buffer);
            }
        }

        private void readHead(StringBuilder opening) throws IOException {
            while (buffer.hasRemaining()) {
                opening.append((char) buffer.get());
                int length = opening.length();
                if (length > HEAD_BYTES_MAX) {
                    throw new IOException("request head too long");
                }
                if (length >= 4 && opening.substring(length - 4).equals("\r\n\r\n")) {
                    head = null;
                    answer(opening.toString());
                    frames.read(buffer);
                    return;
                }
            }
        }

        private void answer(String request) throws IOException {
            Matcher matcher = KEY.matcher(request);
            if (!matcher.find()) {
                throw new IOException("no WebSocket request");
            }
            String response = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    + "Sec-WebSocket-Accept: " + acceptOf(matcher.group(1)) + "\r\n\r\n";
            outbox.send(ByteBuffer.wrap(response.getBytes(StandardCharsets.US_ASCII)), key);
            outbox.send(created, key);
        }

        @Override
        public boolean wantsWhole(byte[] prefix) {
            return prefix[TYPE_AT] != 'i';
        }

        @Override
        public void onMessage(long bytes, @Nullable String whole) {
            if (whole != null) {
                onEvent(new JsonObject(whole));
                return;
            }
            if (!responding) {
                responding = true;
                send(responseCreated);
            }
            send(deltas.computeIfAbsent(
                    bytes, length -> Wire.frame(Wire.TEXT, Messages.delta(Math.toIntExact(length)), false)));
        }

        private void onEvent(JsonObject event) {
            switch (event.getString("type", "")) {
                case "session.update" -> {
                    session = session.copy().mergeIn(event.getJsonObject("session"), true);
                    send(Wire.frame(Wire.TEXT, Messages.sessionEvent("session.updated", session.encode()), false));
                }
                case "response.cancel" -> {
                    responding = false;
                    send(responseCancelled);
                }
                default -> {}
            }
        }

        @Override
        public void onControl(int opcode, byte[] payload) {
            if (opcode == Wire.PING) {
                send(Wire.frame(Wire.PONG, payload, false));
            } else if (opcode == Wire.CLOSE) {
                send(Wire.frame(Wire.CLOSE, payload, false));
                EchoUpstream.this.close(key);
            }
        }

        private void send(ByteBuffer frame) {
            try {
                outbox.send(frame, key);
            } catch (IOException _) {
                EchoUpstream.this.close(key);
            }
        }
    }
}
