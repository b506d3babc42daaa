package dev.parley.relay;

import java.time.Duration;

/**
 * The bounds of a leg. All sizes are payload bytes.
 *
 * @param frameBytesMax one frame; above: 1009
 * @param messageBytesMax one message; above: 1009
 * @param fragmentsMax frames of one message; above: 1008
 * @param messagesPerSecondMax messages and control frames a second, with a burst of twice that; above: 1008
 * @param queueBytesMax bytes that wait for this leg's socket while nothing moves on; above: slow, 1013
 * @param queueAgeMax how long the socket may take nothing while bytes wait; above: slow, 1013
 * @param heldBytesMax bytes behind a {@link Delivery.Later}; above: reading stops until it is decided
 * @param pingInterval between own pings; a leg that has been heard from since needs none
 * @param silenceMax no byte for this long: {@link LegEnd.Cause#TIMEOUT}
 * @param messageTimeout from a message's first byte to its last
 * @param closeTimeout from our close frame to the socket's end
 */
public record RelayLimits(
        int frameBytesMax,
        int messageBytesMax,
        int fragmentsMax,
        int messagesPerSecondMax,
        int queueBytesMax,
        Duration queueAgeMax,
        int heldBytesMax,
        Duration pingInterval,
        Duration silenceMax,
        Duration messageTimeout,
        Duration closeTimeout) {

    /** What a client's leg is held to, unless settings say otherwise. */
    public static RelayLimits client() {
        return new RelayLimits(
                21 << 20,
                21 << 20,
                64,
                500,
                8 << 20,
                Duration.ofSeconds(5),
                4 << 20,
                Duration.ofSeconds(20),
                Duration.ofSeconds(45),
                Duration.ofSeconds(30),
                Duration.ofSeconds(5));
    }

    /** What an upstream's leg is held to, unless settings say otherwise: larger, and without a rate. */
    public static RelayLimits upstream() {
        return new RelayLimits(
                32 << 20,
                32 << 20,
                65_536,
                Integer.MAX_VALUE,
                24 << 20,
                Duration.ofSeconds(10),
                4 << 20,
                Duration.ofSeconds(20),
                Duration.ofSeconds(45),
                Duration.ofSeconds(30),
                Duration.ofSeconds(5));
    }
}
