package dev.parley.config;

import java.time.Duration;

/**
 * Sessions and their money.
 *
 * @param sessionsMax of this node
 * @param outputTokensMin the floor under which {@code max_output_tokens} is not lowered
 * @param cancelTimeout how long a client that left in mid-response is waited for its usage
 * @param commitTimeout how long an event waits for its usage entry before the session is closed
 * @param drainTimeout how long running responses may go on after SIGTERM
 * @param replaceBefore how long before its provider ends it an upstream session is replaced, where that is asked for
 * @param ledgerPlacesMax usage entries open or waiting at once, of this node
 */
public record SessionConfig(
        int sessionsMax,
        int outputTokensMin,
        Duration cancelTimeout,
        Duration commitTimeout,
        Duration drainTimeout,
        Duration replaceBefore,
        int ledgerPlacesMax) {}
