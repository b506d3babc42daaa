package dev.parley.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FrameReaderTest {
    private static final int LAST = 0x80;

    private final List<String> heard = new ArrayList<>();
    private final FrameReader reader = new FrameReader(new Recorder());

    @Test
    void putsFragmentsTogetherAroundControlFrames() {
        byte[] text = "naïve 👋🏽".getBytes(StandardCharsets.UTF_8);
        Buffer bytes = Buffer.buffer()
                .appendBuffer(frame(FrameReader.TEXT, new byte[0]))
                .appendBuffer(frame(FrameReader.CONTINUATION, java.util.Arrays.copyOf(text, 3)))
                .appendBuffer(frame(LAST | FrameReader.PING, "p".getBytes(StandardCharsets.UTF_8)))
                .appendBuffer(
                        frame(LAST | FrameReader.CONTINUATION, java.util.Arrays.copyOfRange(text, 3, text.length)))
                .appendBuffer(frame(LAST | FrameReader.BINARY, new byte[70_000]))
                .appendBuffer(frame(LAST | FrameReader.PONG, new byte[0]))
                .appendBuffer(frame(LAST | FrameReader.TEXT, new byte[0]))
                .appendBuffer(frame(LAST | FrameReader.CLOSE, new byte[] {3, (byte) 0xe8, 'x'}))
                .appendBuffer(frame(LAST | FrameReader.TEXT, text));
        for (int i = 0; i < bytes.length(); i++) {
            reader.read(bytes.getBuffer(i, i + 1));
        }

        assertThat(heard).containsExactly("ping p", "text naïve 👋🏽", "binary 70000", "text ", "close 1000");
    }

    @Test
    void takesManyFramesFromOneRead() {
        Buffer bytes = Buffer.buffer();
        for (int i = 0; i < 100; i++) {
            bytes.appendBuffer(frame(LAST | FrameReader.TEXT, "hi".getBytes(StandardCharsets.UTF_8)));
        }
        reader.read(bytes);
        assertThat(heard).hasSize(100).containsOnly("text hi");
    }

    @Test
    void refusesWhatBreaksTheProtocol() {
        assertThat(heardOf(Buffer.buffer(new byte[] {(byte) 0x81, 0}))).isEqualTo("violation 1002 not masked");
        assertThat(heardOf(frame(LAST | 0x40 | FrameReader.TEXT, new byte[0])))
                .isEqualTo("violation 1002 reserved bits");
        assertThat(heardOf(frame(LAST | 3, new byte[0]))).isEqualTo("violation 1002 unknown opcode");
        assertThat(heardOf(frame(FrameReader.PING, new byte[0]))).isEqualTo("violation 1002 bad control frame");
        assertThat(heardOf(frame(LAST | FrameReader.PING, new byte[126])))
                .isEqualTo("violation 1002 bad control frame");
        assertThat(heardOf(frame(LAST | FrameReader.CONTINUATION, new byte[0])))
                .isEqualTo("violation 1002 bad continuation");
        assertThat(heardOf(
                        frame(FrameReader.TEXT, new byte[0]).appendBuffer(frame(LAST | FrameReader.TEXT, new byte[0]))))
                .isEqualTo("violation 1002 bad continuation");
        assertThat(heardOf(frame(LAST | FrameReader.TEXT, new byte[] {(byte) 0xff})))
                .isEqualTo("violation 1007 not UTF-8");
        assertThat(heardOf(Buffer.buffer(new byte[] {(byte) 0x82, (byte) 0xff, 0, 0, 0, 0, 3, 0, 0, 0, 1, 2, 3, 4})))
                .isEqualTo("violation 1009 too large");
        assertThat(heardOf(Buffer.buffer(new byte[] {(byte) 0x82, (byte) 0xff, -1, 0, 0, 0, 3, 0, 0, 0, 1, 2, 3, 4})))
                .isEqualTo("violation 1009 too large");
        assertThat(heardOf(frame(LAST | FrameReader.CLOSE, new byte[0]))).isEqualTo("close 1005");
    }

    private String heardOf(Buffer bytes) {
        heard.clear();
        new FrameReader(new Recorder()).read(bytes);
        return String.join(", ", heard);
    }

    private static Buffer frame(int first, byte[] payload) {
        byte[] mask = {1, 2, 3, 4};
        Buffer frame = Buffer.buffer().appendByte((byte) first);
        if (payload.length < 126) {
            frame.appendByte((byte) (0x80 | payload.length));
        } else if (payload.length <= 0xffff) {
            frame.appendByte((byte) 0xfe).appendUnsignedShort(payload.length);
        } else {
            frame.appendByte((byte) 0xff).appendLong(payload.length);
        }
        frame.appendBytes(mask);
        for (int i = 0; i < payload.length; i++) {
            frame.appendByte((byte) (payload[i] ^ mask[i % 4]));
        }
        return frame;
    }

    private final class Recorder implements FrameReader.Listener {
        @Override
        public void onText(String text) {
            heard.add("text " + text);
        }

        @Override
        public void onBinary(int bytes) {
            heard.add("binary " + bytes);
        }

        @Override
        public void onPing(byte[] payload) {
            heard.add("ping " + new String(payload, StandardCharsets.UTF_8));
        }

        @Override
        public void onClose(int code, byte[] payload) {
            heard.add("close " + code);
        }

        @Override
        public void onViolation(int code, String reason) {
            heard.add("violation " + code + " " + reason);
        }
    }
}
