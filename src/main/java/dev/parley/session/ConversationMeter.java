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
    /** All that the session's configuration can put into the context of a response: instructions, tools. */
    private long configBytes;
    /** What responses may read that the broker does not see: tokens of a whole context, or none. */
    private InputTokens hidden = new InputTokens(0, 0, 0);

    /** @param createdBytes the length of {@code session.created}, which holds the provider's default instructions */
    ConversationMeter(AudioMeter audio, Supplier<SessionView> view, long contextTokensMax, long createdBytes) {
        context.add(InputTokens.ofText(createdBytes));
        this.configBytes = createdBytes;
        this.audio = audio;
        this.view = view;
        this.contextTokensMax = contextTokensMax;
    }

    /** The client has added to the conversation. */
    void add(InputSize size) {
        context.add(tokens(size));
    }

    /** The client is changing the instructions or tools. */
    void update(InputSize size) {
        add(size);
        configBytes += size.textBytes();
    }

    /** The provider has told the whole configuration in so many bytes, and no change of it is under way. */
    void configured(long bytes) {
        configBytes = bytes;
    }

    /** From now on responses may read what the broker does not see. */
    void hidden() {
        hidden = new InputTokens(contextTokensMax, 0, 0);
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
        return context.bound().plus(hidden);
    }

    /** What a response on input of its own reads beside it. */
    InputTokens config() {
        return InputTokens.ofText(configBytes).plus(hidden);
    }

    /** The bound with the audio in the buffer, which may be committed already. */
    InputTokens boundNow() {
        return withAudio(0);
    }

    /** The bound with the audio that is in the buffer or under way. */
    InputTokens boundSoon() {
        return withAudio(AHEAD_MILLIS);
    }

    /** A response that read the conversation, and the session's configuration with it. */
    void settle(TokenUsage usage, InputTokens mark) {
        if (usage.input() > 0) {
            context.settle(usage, mark);
        }
    }

    /** A response that read the conversation with instructions or tools of its own: the next one reads the session's. */
    void settleOverridden(TokenUsage usage, InputTokens mark) {
        settle(usage, mark);
        context.add(config());
    }

    /** A response that read something else, and put its output into the conversation. */
    void addOutput(TokenUsage usage) {
        context.add(new InputTokens(usage.textOut(), usage.audioOut(), 0));
    }

    private InputTokens withAudio(long aheadMillis) {
        long millis = audio.pendingMillis(view.get().turnDetection() != null) + aheadMillis;
        return bound().plus(InputTokens.ofAudio(AudioMeter.tokens(millis)));
    }
}
