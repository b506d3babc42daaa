package dev.parley.simulator;

import dev.parley.conversation.AudioFormat;
import dev.parley.conversation.G711;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The recording that every audio answer is cut from, in a loop. Immutable; {@code speech.wav} says how it was made. */
final class Voice {
    private static final String RESOURCE = "/simulator/speech.wav";
    private static final int RIFF_HEADER = 12;

    /** What the recording says: the text that the simulated transcription answers with. */
    static final String WORDS =
            "Hello there. I have a question about the weather. Is it going to rain in Paris tomorrow?";

    private final byte[] pcm;

    private Voice(byte[] pcm) {
        this.pcm = pcm;
    }

    static Voice recorded() {
        try (InputStream wave = Voice.class.getResourceAsStream(RESOURCE)) {
            if (wave == null) {
                throw new IllegalStateException("missing resource " + RESOURCE);
            }
            return new Voice(dataOf(wave.readAllBytes()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The recording itself: pcm16, mono, 24 kHz. */
    byte[] pcm() {
        return pcm.clone();
    }

    int millis() {
        return AudioFormat.PCM.millis(pcm.length);
    }

    /** {@code millis} of speech that start {@code fromMillis} into the endless loop. */
    byte[] speak(int fromMillis, int millis, AudioFormat format) {
        int samples = millis * format.samplesPerMilli();
        byte[] audio = new byte[samples * format.bytesPerSample()];
        int stride = format == AudioFormat.PCM ? 2 : 6;
        int length = pcm.length - pcm.length % 6;
        int at = (int) ((long) fromMillis * AudioFormat.PCM.bytesPerMilli() % length);
        at -= at % stride;
        for (int i = 0; i < samples; i++) {
            write(audio, i, AudioFormat.PCM.sampleAt(pcm, at), format);
            at = (at + stride) % length;
        }
        return audio;
    }

    private static void write(byte[] audio, int index, int sample, AudioFormat format) {
        switch (format) {
            case PCM -> {
                audio[2 * index] = (byte) sample;
                audio[2 * index + 1] = (byte) (sample >> 8);
            }
            case PCMU -> audio[index] = G711.toUlaw(sample);
            case PCMA -> audio[index] = G711.toAlaw(sample);
        }
    }

    private static byte[] dataOf(byte[] wave) {
        ByteBuffer buffer = ByteBuffer.wrap(wave).order(ByteOrder.LITTLE_ENDIAN);
        int at = RIFF_HEADER;
        while (at + 8 <= wave.length) {
            boolean data = wave[at] == 'd' && wave[at + 1] == 'a' && wave[at + 2] == 't' && wave[at + 3] == 'a';
            int size = buffer.getInt(at + 4);
            if (data) {
                byte[] pcm = new byte[Math.min(size, wave.length - at - 8)];
                buffer.get(at + 8, pcm);
                return pcm;
            }
            at += 8 + size + (size & 1);
        }
        throw new IllegalStateException("no audio in " + RESOURCE);
    }
}
