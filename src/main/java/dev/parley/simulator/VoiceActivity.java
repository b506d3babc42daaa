package dev.parley.simulator;

import dev.parley.conversation.AudioFormat;

/**
 * Finds speech by the energy of the audio, in frames of 20 ms. A frame's level is its loudness above the noise floor, 0 at
 * the floor and 1 at 16 dB above it; the floor follows the quietest frames, between -60 and -40 dBFS. Three frames in a row at
 * or above the threshold are speech; {@code silenceMillis} without one (less a small hysteresis) end it.
 *
 * <p>Confined to the session's event loop.
 */
final class VoiceActivity {
    private static final int FRAME_MILLIS = 20;
    private static final int ONSET_FRAMES = 3;
    private static final double FLOOR_MIN = -60;
    private static final double FLOOR_MAX = -40;
    private static final double FLOOR_RISE_PER_FRAME = 0.2;
    private static final double SPAN = 16;
    private static final double HYSTERESIS = 0.1;

    /** Told of the borders of speech, in milliseconds of audio since the session began. */
    interface Listener {
        void onSpeechStarted(long onsetMillis);

        void onSpeechStopped(long nowMillis);
    }

    private final Listener listener;
    private double threshold;
    private int silenceMillis;
    private double floor = Double.NaN;
    private double energy;
    private int samples;
    private long nowMillis;
    private int loudFrames;
    private int quietMillis;
    private boolean speaking;

    VoiceActivity(Listener listener) {
        this.listener = listener;
    }

    void configure(double newThreshold, int newSilenceMillis) {
        threshold = newThreshold;
        silenceMillis = newSilenceMillis;
    }

    boolean speaking() {
        return speaking;
    }

    /** Forgets what was heard; the clock goes on at {@code atMillis}. */
    void reset(long atMillis) {
        nowMillis = atMillis;
        energy = 0;
        samples = 0;
        loudFrames = 0;
        quietMillis = 0;
        speaking = false;
    }

    void hear(byte[] audio, AudioFormat format) {
        int frameSamples = FRAME_MILLIS * format.samplesPerMilli();
        int step = format.bytesPerSample();
        for (int at = 0; at + step <= audio.length; at += step) {
            double sample = format.sampleAt(audio, at);
            energy += sample * sample;
            if (++samples == frameSamples) {
                double loudness = 10 * Math.log10(Math.max(1, energy / samples)) - 20 * Math.log10(32_768);
                energy = 0;
                samples = 0;
                nowMillis += FRAME_MILLIS;
                onFrame(loudness);
            }
        }
    }

    private void onFrame(double loudness) {
        double level = level(loudness);
        if (speaking) {
            quietMillis = level >= threshold - HYSTERESIS ? 0 : quietMillis + FRAME_MILLIS;
            if (quietMillis >= silenceMillis) {
                speaking = false;
                loudFrames = 0;
                listener.onSpeechStopped(nowMillis);
            }
            return;
        }
        loudFrames = level >= threshold ? loudFrames + 1 : 0;
        if (loudFrames >= ONSET_FRAMES) {
            speaking = true;
            quietMillis = 0;
            listener.onSpeechStarted(nowMillis - (long) ONSET_FRAMES * FRAME_MILLIS);
        }
    }

    private double level(double loudness) {
        double quietest = Double.isNaN(floor) ? loudness : Math.min(floor + FLOOR_RISE_PER_FRAME, loudness);
        floor = Math.clamp(quietest, FLOOR_MIN, FLOOR_MAX);
        return Math.clamp((loudness - floor) / SPAN, 0, 1);
    }
}
