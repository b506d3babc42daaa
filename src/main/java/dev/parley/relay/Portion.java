package dev.parley.relay;

import io.netty.buffer.ByteBuf;

/**
 * Bytes on their way from one leg to the other: frames of any number of whole messages, or a part of one.
 *
 * @param frames owned by whoever holds the portion
 * @param end where they end
 * @param messages how many messages end in them
 * @param payload payload bytes of those messages
 */
record Portion(ByteBuf frames, Edge end, int messages, long payload) {}
