package dev.parley.turn;

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
    public static final TurnLimits STANDARD = new TurnLimits(
            16,
            24,
            96,
            256,
            64 << 20,
            Duration.ofSeconds(5),
            Duration.ofSeconds(60),
            Duration.ofMinutes(50),
            Duration.ofSeconds(60),
            32 << 20,
            new Conversation.Bounds(2_000, 2 << 20, 8 << 20, true),
            8 << 20);
}
