package dev.parley.config;

import java.time.Duration;

/**
 * Pool mode {@code turn}: what a tenant may have of an event loop, and what a session may hold.
 *
 * @param responsesPerUpstreamMax responses at once on one shared upstream session
 * @param upstreamsMax shared upstream sessions of one tenant on one event loop that take responses
 * @param waitingMax responses of one tenant that wait for a place, on one event loop
 * @param acquireTimeout how long a response waits for a place
 * @param idleMax how long a shared upstream session without a response is kept
 * @param lifeMax after which one takes no more responses, less up to a tenth
 * @param silenceMax how long a response may say nothing before it is given up
 * @param conversationItemsMax of one session
 * @param conversationCharactersMax of text, and of images as data URIs; the oldest items go for new ones
 * @param conversationAudioBytesMax above it the oldest audio is forgotten
 * @param bufferBytesMax of one session's input audio buffer; at most what a conversation may hold
 */
public record TurnConfig(
        int responsesPerUpstreamMax,
        int upstreamsMax,
        int waitingMax,
        Duration acquireTimeout,
        Duration idleMax,
        Duration lifeMax,
        Duration silenceMax,
        int conversationItemsMax,
        int conversationCharactersMax,
        int conversationAudioBytesMax,
        int bufferBytesMax) {
    /** What is used unless settings say otherwise. */
    public static final TurnConfig STANDARD = new TurnConfig(
            16,
            24,
            256,
            Duration.ofSeconds(5),
            Duration.ofMinutes(1),
            Duration.ofMinutes(50),
            Duration.ofMinutes(1),
            2_000,
            2_000_000,
            8 << 20,
            8 << 20);
}
