package dev.parley.config;

import java.time.Duration;

/**
 * Bounds of the relay, see the limit table in {@code src/docs/operations.md}. Sizes in bytes.
 *
 * @param eventLoops 0 takes one for each core
 */
public record RelayConfig(
        int eventLoops,
        Transport transport,
        int messageBytesMax,
        int upstreamMessageBytesMax,
        int fragmentsMax,
        int messagesPerSecondMax,
        int clientQueueBytesMax,
        Duration clientQueueAgeMax,
        int heldBytesMax,
        Duration pingInterval,
        Duration silenceMax) {
    /** What the event loops run on. */
    public enum Transport {
        /** io_uring where it works, then epoll, then NIO. */
        AUTO,
        IO_URING,
        EPOLL,
        NIO
    }
}
