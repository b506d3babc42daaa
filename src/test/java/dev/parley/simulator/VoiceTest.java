package dev.parley.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.parley.conversation.AudioFormat;
import dev.parley.conversation.G711;
import dev.parley.conversation.Tokens;
import java.util.List;
import org.junit.jupiter.api.Test;

class VoiceTest {
    @Test
    void shipsSomeSecondsOfSpeech() {
        Voice voice = Voice.recorded();
        assertThat(voice.millis()).isBetween(4_000, 7_000);
        assertThat(voice.pcm().length).isLessThan(400 << 10);
    }

    @Test
    void speaksOneEndlessLoop() {
        Voice voice = Voice.recorded();
        byte[] whole = voice.speak(0, voice.millis(), AudioFormat.PCM);
        assertThat(whole).isEqualTo(java.util.Arrays.copyOf(voice.pcm(), whole.length));
        assertThat(voice.speak(1_000, 500, AudioFormat.PCM))
                .isEqualTo(java.util.Arrays.copyOfRange(whole, 48_000, 72_000));
        assertThat(voice.speak(voice.millis() - 100, 300, AudioFormat.PCM)).hasSize(48 * 300);
        assertThat(voice.speak(0, 100, AudioFormat.PCMU)).hasSize(800);
    }

    @Test
    void compandsWithinTheErrorOfTheLaw() {
        for (int sample = -32_768; sample <= 32_767; sample += 7) {
            double tolerance = Math.abs(sample) * 0.035 + 20;
            assertThat((double) G711.fromUlaw(G711.toUlaw(sample)))
                    .isCloseTo(Math.clamp(sample, -32_635, 32_635), within(tolerance));
            assertThat((double) G711.fromAlaw(G711.toAlaw(sample)))
                    .isCloseTo(Math.clamp(sample, -32_635, 32_635), within(tolerance));
        }
    }

    @Test
    void decodesTheKnownCodes() {
        assertThat(G711.fromUlaw((byte) 0xff)).isZero();
        assertThat(G711.fromUlaw((byte) 0x00)).isEqualTo(-32_124);
        assertThat(G711.fromUlaw((byte) 0x80)).isEqualTo(32_124);
        assertThat(G711.fromAlaw((byte) 0xd5)).isEqualTo(8);
        assertThat(G711.fromAlaw((byte) 0xaa)).isEqualTo(32_256);
        assertThat(G711.fromAlaw((byte) 0x2a)).isEqualTo(-32_256);
    }

    @Test
    void splitsTheCacheInBlocksAndByModality() {
        Prompt.Cache cache = new Prompt.Cache();
        Prompt.Segment text = new Prompt.Segment("a", new Tokens(50, 0, 0));
        Prompt.Segment audio = new Prompt.Segment("b", new Tokens(10, 60, 0));
        Prompt.Segment more = new Prompt.Segment("c", new Tokens(500, 0, 0));

        assertThat(cache.admit(new Prompt(List.of(text, audio)))).isEqualTo(Tokens.NONE);
        assertThat(cache.admit(new Prompt(List.of(text, audio, more)))).isEqualTo(new Tokens(60, 4, 0));
        assertThat(cache.admit(new Prompt(List.of(audio, more)))).isEqualTo(Tokens.NONE);
        assertThat(cache.admit(new Prompt(List.of(text, audio, more)))).isEqualTo(new Tokens(516, 60, 0));
    }
}
