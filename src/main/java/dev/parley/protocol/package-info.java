/** The Realtime vocabulary: event types, the few events that are decoded, errors in OpenAI's shape. Pure functions. */
@NullMarked
package dev.parley.protocol;

import org.jspecify.annotations.NullMarked;
