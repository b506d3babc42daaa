/** Tests of what is kept of a conversation. */
@NullMarked
package dev.parley.conversation;

import org.jspecify.annotations.NullMarked;
