package dev.parley.relay;

/** What one leg has carried: messages and payload bytes in each direction, as whole messages. */
public record LegCounters(long messagesIn, long bytesIn, long messagesOut, long bytesOut) {}
