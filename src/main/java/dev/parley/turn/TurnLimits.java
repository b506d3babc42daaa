package dev.parley.turn;

import dev.parley.config.TurnConfig;
import dev.parley.conversation.Conversation;
import java.time.Duration;

/**
 * The bounds of turn mode.
 *
 * @param responsesPerUpstreamMax responses at once on one shared upstream session
 * @param upstreamsMax shared upstream sessions of one tenant on one event loop that take responses
 * @param upstreamsOpenMax the same with those that only end what runs on them
 * @param waitingMax responses of one tenant that wait for a place on one event loop
 * @param waitingBytesMax their requests, all together
 * @param acquireTimeout how long a response waits for a place, and an upstream session for its settings
 * @param idleMax how long an upstream session without a response is kept
 * @param lifeMax after this (and up to a tenth before) an upstream session takes no more responses; below the provider's hour, of which some passes while it is kept warm
 * @param silenceMax how long a response may say nothing before it is given up
 * @param requestBytesMax requests of one session that wait for a place, all together
 * @param conversation what one session's conversation may hold
 * @param bufferBytesMax one session's input audio buffer
 */
public record TurnLimits(
        int responsesPerUpstreamMax,
        int upstreamsMax,
        int upstreamsOpenMax,
        int waitingMax,
        long waitingBytesMax,
        Duration acquireTimeout,
        Duration idleMax,
        Duration lifeMax,
        Duration silenceMax,
        int requestBytesMax,
        Conversation.Bounds conversation,
        int bufferBytesMax) {
    public static final TurnLimits STANDARD = of(TurnConfig.STANDARD);

    /** For all that a response has beside items: instructions and tools. */
    private static final int SETTINGS_BYTES_MAX = 8 << 20;
    /** Of a character, which JSON may have to escape. */
    private static final int CHARACTER_BYTES_MAX = 6;

    private static final int ENDING_UPSTREAMS = 4;

    /** From the settings. One request can hold a whole conversation. */
    public static TurnLimits of(TurnConfig config) {
        int request = CHARACTER_BYTES_MAX * config.conversationCharactersMax()
                + Math.ceilDiv(config.conversationAudioBytesMax(), 3) * 4
                + SETTINGS_BYTES_MAX;
        return new TurnLimits(
                config.responsesPerUpstreamMax(),
                config.upstreamsMax(),
                ENDING_UPSTREAMS * config.upstreamsMax(),
                config.waitingMax(),
                2L * request,
                config.acquireTimeout(),
                config.idleMax(),
                config.lifeMax(),
                config.silenceMax(),
                request,
                new Conversation.Bounds(
                        config.conversationItemsMax(),
                        config.conversationCharactersMax(),
                        config.conversationAudioBytesMax(),
                        true),
                config.bufferBytesMax());
    }
}
