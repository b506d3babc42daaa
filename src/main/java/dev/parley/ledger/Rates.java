package dev.parley.ledger;

import dev.parley.domain.NanoUsd;
import dev.parley.domain.TokenUsage;

/**
 * Prices of one model in nano-dollars: by token and class, or by minute of audio. A class that the provider does not sell
 * has the price of the dearest class of its direction, so that an unexpected report is never free.
 */
public record Rates(
        long textIn,
        long cachedText,
        long textOut,
        long audioIn,
        long cachedAudio,
        long audioOut,
        long imageIn,
        long cachedImage,
        long perMinute) {
    private static final long MILLIS_PER_MINUTE = 60_000;

    public Rates {
        if (Math.min(textIn, Math.min(cachedText, textOut)) < 0
                || Math.min(audioIn, Math.min(cachedAudio, audioOut)) < 0
                || Math.min(imageIn, Math.min(cachedImage, perMinute)) < 0) {
            throw new IllegalArgumentException("a price is negative");
        }
    }

    public static Rates perMinute(NanoUsd minute) {
        return new Rates(0, 0, 0, 0, 0, 0, 0, 0, minute.value());
    }

    /** Whether the model is billed by time and not by tokens. */
    public boolean timeBilled() {
        return perMinute > 0;
    }

    /** Σ over modalities of fresh and cached input, plus output; protocol.md §3.1. Cached counts above their modality's are cut to it. */
    public NanoUsd cost(TokenUsage usage) {
        long sum = modality(usage.textIn(), usage.cachedText(), textIn, cachedText);
        sum = Math.addExact(sum, modality(usage.audioIn(), usage.cachedAudio(), audioIn, cachedAudio));
        sum = Math.addExact(sum, modality(usage.imageIn(), usage.cachedImage(), imageIn, cachedImage));
        sum = Math.addExact(sum, Math.multiplyExact(usage.textOut(), textOut));
        sum = Math.addExact(sum, Math.multiplyExact(usage.audioOut(), audioOut));
        return new NanoUsd(sum);
    }

    public NanoUsd cost(long millis) {
        return new NanoUsd(Math.ceilDiv(Math.multiplyExact(perMinute, millis), MILLIS_PER_MINUTE));
    }

    public long dearestIn() {
        return Math.max(textIn, Math.max(audioIn, imageIn));
    }

    public long dearestOut() {
        return Math.max(textOut, audioOut);
    }

    private static long modality(long all, long cached, long fresh, long reduced) {
        long fromCache = Math.min(all, cached);
        return Math.addExact(
                Math.multiplyExact(Math.subtractExact(all, fromCache), fresh), Math.multiplyExact(fromCache, reduced));
    }
}
