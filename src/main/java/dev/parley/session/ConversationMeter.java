package dev.parley.session;

import dev.parley.domain.TokenUsage;
import dev.parley.protocol.InputSize;
import dev.parley.protocol.SessionView;
import java.util.function.Supplier;

/** What the next response will read, at most: the conversation, and the audio that may become part of it. */
final class ConversationMeter {
    /** Audio that is under way, or that has been spoken and not been told of yet. */
    private static final long AHEAD_MILLIS = 10_000;

    private final ContextMeter context = new ContextMeter();
    private final AudioMeter audio;
    private final Supplier<SessionView> view;
    private final long contextTokensMax;

    /** @param createdBytes the length of {@code session.created}, which holds the provider's default instructions */
    ConversationMeter(AudioMeter audio, Supplier<SessionView> view, long contextTokensMax, long createdBytes) {
        context.add(InputTokens.ofText(createdBytes));
        this.audio = audio;
        this.view = view;
        this.contextTokensMax = contextTokensMax;
    }

    /** The client has added to the conversation, or changed the instructions or tools. */
    void add(InputSize size) {
        context.add(tokens(size));
    }

    void addAudioItem(long millis) {
        context.add(InputTokens.ofAudio(AudioMeter.tokens(millis)));
    }

    InputTokens tokens(InputSize size) {
        long millis = Math.ceilDiv(size.audioBytes(), view.get().audioBytesPerMilli());
        return new InputTokens(size.textBytes(), AudioMeter.tokens(millis), size.images() * contextTokensMax);
    }

    InputTokens mark() {
        return context.mark();
    }

    InputTokens settledMark() {
        return context.settledMark();
    }

    InputTokens bound() {
        return context.bound();
    }

    /** The bound with the audio that is in the buffer or under way. */
    InputTokens boundSoon() {
        long millis = audio.pendingMillis(view.get().turnDetection() != null) + AHEAD_MILLIS;
        return context.bound().plus(InputTokens.ofAudio(AudioMeter.tokens(millis)));
    }

    void settle(TokenUsage usage, InputTokens mark) {
        if (usage.input() > 0) {
            context.settle(usage, mark);
        }
    }
}
