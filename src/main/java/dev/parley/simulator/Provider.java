package dev.parley.simulator;

import io.vertx.core.Vertx;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** What all sessions of one simulator share. */
record Provider(
        Vertx vertx,
        SimulatorOptions options,
        Books books,
        Scripts scripts,
        RateLimits rateLimits,
        Voice voice,
        Set<OpenSession> sessions,
        SimulatedCalls calls) {
    static Provider of(Vertx vertx, SimulatorOptions options) {
        return new Provider(
                vertx,
                options,
                new Books(),
                new Scripts(),
                new RateLimits(options.tokensPerMinute()),
                Voice.recorded(),
                ConcurrentHashMap.newKeySet(),
                new SimulatedCalls());
    }
}
