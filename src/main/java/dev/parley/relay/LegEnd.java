package dev.parley.relay;

/**
 * How a leg ended.
 *
 * @param code the peer's close code, or the one this side sent; 1006 if the socket was lost, 1005 if a close frame had none
 * @param reason the text beside it; may come from the peer, so it is never shown to anybody else unchecked
 */
public record LegEnd(Cause cause, int code, String reason) {
    /** Who or what ended it. */
    public enum Cause {
        /** The peer sent a close frame. */
        PEER_CLOSED,
        /** The socket was lost without one. */
        PEER_LOST,
        /** The peer broke RFC 6455 or sent bad UTF-8; it was told 1002 or 1007. */
        PROTOCOL_ERROR,
        /** A limit on frames, messages, fragments or rate was hit; the peer was told 1009 or 1008. */
        LIMIT,
        /** The peer did not take its bytes in time; it was told 1013. */
        SLOW,
        /** No sign of life, or a message that never ended. */
        TIMEOUT,
        /** This side called {@link Leg#close} or {@link Leg#cut}. */
        LOCAL
    }
}
