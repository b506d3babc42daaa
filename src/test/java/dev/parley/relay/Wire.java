package dev.parley.relay;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;

/** One end of a WebSocket on a plain blocking socket, able to send what no library would. */
public final class Wire implements AutoCloseable {
    private static final int DEADLINE_MILLIS = 20_000;
    private static final int GATHER_BYTES = 16 << 10;

    private final Socket socket;
    private final DataInputStream in;
    private final boolean masks;

    /** A frame as it stood on the wire, its payload unmasked. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Frame(int first, boolean masked, byte[] payload) {
        boolean fin() {
            return (first & 0x80) != 0;
        }

        public int opcode() {
            return first & 0x0F;
        }

        public String text() {
            return new String(payload, StandardCharsets.UTF_8);
        }

        public int closeCode() {
            return payload.length < 2 ? 1005 : ((payload[0] & 0xFF) << 8) | (payload[1] & 0xFF);
        }
    }

    private Wire(Socket socket, boolean masks) throws IOException {
        this.socket = socket;
        this.masks = masks;
        socket.setSoTimeout(DEADLINE_MILLIS);
        socket.setTcpNoDelay(true);
        this.in = new DataInputStream(new java.io.BufferedInputStream(socket.getInputStream(), GATHER_BYTES));
    }

    /** Connects as a client and upgrades; {@code headers} are whole lines of the request. */
    public static Wire connect(int port, String path, String... headers) throws IOException {
        Wire wire = new Wire(new Socket(InetAddress.getLoopbackAddress(), port), true);
        StringBuilder request = new StringBuilder("GET ")
                .append(path)
                .append(" HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n")
                .append("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
        for (String header : headers) {
            request.append(header).append("\r\n");
        }
        wire.raw(request.append("\r\n").toString().getBytes(StandardCharsets.US_ASCII));
        String status = wire.head();
        if (!status.startsWith("HTTP/1.1 101")) {
            throw new IOException(
                    "not upgraded: " + status + new String(wire.in.readAllBytes(), StandardCharsets.UTF_8));
        }
        return wire;
    }

    /** Accepts one client and upgrades it; {@code early} is sent in one piece with the answer. */
    static Wire accept(ServerSocket server, byte[] early) throws Exception {
        server.setSoTimeout(DEADLINE_MILLIS);
        Wire wire = new Wire(server.accept(), false);
        String key = "";
        for (String line : wire.head().split("\r\n", -1)) {
            if (line.toLowerCase(Locale.ROOT).startsWith("sec-websocket-key:")) {
                key = line.substring(line.indexOf(':') + 1).trim();
            }
        }
        byte[] digest = MessageDigest.getInstance("SHA-1")
                .digest((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").getBytes(StandardCharsets.US_ASCII));
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        answer.writeBytes(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        + "Sec-WebSocket-Accept: " + Base64.getEncoder().encodeToString(digest) + "\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
        answer.writeBytes(early);
        wire.raw(answer.toByteArray());
        return wire;
    }

    private String head() throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            head.append((char) in.readUnsignedByte());
        }
        return head.toString();
    }

    public Socket socket() {
        return socket;
    }

    void raw(byte... bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        socket.getOutputStream().flush();
    }

    public void text(String text) throws IOException {
        frame(0x81, text.getBytes(StandardCharsets.UTF_8));
    }

    public void frame(int first, byte... payload) throws IOException {
        raw(encode(first, payload, masks));
    }

    public void close(int code) throws IOException {
        frame(0x88, (byte) (code >>> 8), (byte) code);
    }

    /** A frame as this end would send it. */
    byte[] encoded(int first, byte... payload) {
        return encode(first, payload, masks);
    }

    static byte[] encode(int first, byte[] payload, boolean masked) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(payload.length + 14);
        out.write(first);
        int flag = masked ? 0x80 : 0;
        if (payload.length < 126) {
            out.write(flag | payload.length);
        } else if (payload.length < 65536) {
            out.write(flag | 126);
            out.write(payload.length >>> 8);
            out.write(payload.length);
        } else {
            out.write(flag | 127);
            for (int shift = 56; shift >= 0; shift -= 8) {
                out.write((int) ((long) payload.length >>> shift));
            }
        }
        if (!masked) {
            out.writeBytes(payload);
            return out.toByteArray();
        }
        byte[] mask = new byte[4];
        ThreadLocalRandom.current().nextBytes(mask);
        out.writeBytes(mask);
        byte[] body = payload.clone();
        for (int i = 0; i < body.length; i++) {
            body[i] ^= mask[i & 3];
        }
        out.writeBytes(body);
        return out.toByteArray();
    }

    /** The next frame, of any kind. */
    Frame read() throws IOException {
        int first = in.readUnsignedByte();
        int second = in.readUnsignedByte();
        boolean masked = (second & 0x80) != 0;
        long length = second & 0x7F;
        if (length == 126) {
            length = in.readUnsignedShort();
        } else if (length == 127) {
            length = in.readLong();
        }
        byte[] mask = new byte[4];
        if (masked) {
            in.readFully(mask);
        }
        byte[] payload = new byte[Math.toIntExact(length)];
        in.readFully(payload);
        for (int i = 0; masked && i < payload.length; i++) {
            payload[i] ^= mask[i & 3];
        }
        return new Frame(first, masked, payload);
    }

    /** The next whole message, its fragments joined; pings and pongs in between are stepped over. */
    public Frame message() throws IOException {
        Frame first = data();
        if (first.fin() || first.opcode() >= 8) {
            return first;
        }
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(first.payload());
        Frame next = first;
        while (!next.fin()) {
            next = data();
            if (next.opcode() != 0) {
                throw new IOException("opcode " + next.opcode() + " inside a message");
            }
            all.writeBytes(next.payload());
        }
        return new Frame(first.first() | 0x80, first.masked(), all.toByteArray());
    }

    private Frame data() throws IOException {
        Frame frame = read();
        while (frame.opcode() == 9 || frame.opcode() == 10) {
            frame = read();
        }
        return frame;
    }

    /** Reads up to the close frame, past everything before it. */
    Frame closing() throws IOException {
        Frame frame = read();
        while (frame.opcode() != 8) {
            frame = read();
        }
        return frame;
    }

    /** Whether the other side ends the connection, with or without an error. */
    boolean ends() throws IOException {
        try {
            InputStream rest = in;
            while (rest.read() >= 0) {
                // what is left
            }
            return true;
        } catch (SocketException reset) {
            return true;
        } catch (EOFException end) {
            return true;
        }
    }

    /** Cuts the connection with a reset. */
    void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
