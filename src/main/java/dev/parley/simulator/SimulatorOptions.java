package dev.parley.simulator;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How a simulator is started.
 *
 * @param host the address it listens on
 * @param port 0 takes a free one, see {@link Simulator#port()}
 * @param apiKeys the keys that it accepts; empty accepts any key that is not empty
 * @param speed how much faster than a speaking human it produces output; infinite means as fast as the socket takes it
 * @param certificate PEM chain for TLS; null speaks plain {@code ws}
 * @param privateKey PEM key for TLS, given exactly when {@code certificate} is
 * @param sessionMax a session ends after this, with {@code session_expired} and 1001
 * @param eventLoops how many event loops share the sessions
 * @param tokensPerMinute the account's limit that {@code rate_limits.updated} tells of; nothing is refused by it
 */
public record SimulatorOptions(
        String host,
        int port,
        Set<String> apiKeys,
        double speed,
        @Nullable Path certificate,
        @Nullable Path privateKey,
        Duration sessionMax,
        int eventLoops,
        long tokensPerMinute) {
    /** Loopback on a free port, any key, ten times the speed of speech, sessions of 60 minutes. */
    public static final SimulatorOptions DEFAULT =
            new SimulatorOptions("127.0.0.1", 0, Set.of(), 10.0, null, null, Duration.ofMinutes(60), 1, 40_000);

    /** As fast as the socket takes it. */
    public static final double UNLIMITED = Double.POSITIVE_INFINITY;

    public SimulatorOptions {
        apiKeys = Set.copyOf(apiKeys);
        require(port >= 0 && port <= 65_535, "port must be 0..65535, is " + port);
        require(speed > 0, "speed must be above 0, is " + speed);
        require((certificate == null) == (privateKey == null), "certificate and private key go together");
        require(sessionMax.isPositive(), "session maximum must be above 0, is " + sessionMax);
        require(eventLoops >= 1, "event loops must be 1 or more, are " + eventLoops);
        require(tokensPerMinute >= 1, "tokens per minute must be 1 or more, are " + tokensPerMinute);
    }

    public SimulatorOptions withHost(String other) {
        return new SimulatorOptions(
                other, port, apiKeys, speed, certificate, privateKey, sessionMax, eventLoops, tokensPerMinute);
    }

    public SimulatorOptions withPort(int other) {
        return new SimulatorOptions(
                host, other, apiKeys, speed, certificate, privateKey, sessionMax, eventLoops, tokensPerMinute);
    }

    public SimulatorOptions withApiKeys(Set<String> others) {
        return new SimulatorOptions(
                host, port, others, speed, certificate, privateKey, sessionMax, eventLoops, tokensPerMinute);
    }

    public SimulatorOptions withSpeed(double other) {
        return new SimulatorOptions(
                host, port, apiKeys, other, certificate, privateKey, sessionMax, eventLoops, tokensPerMinute);
    }

    public SimulatorOptions withTls(Path chain, Path key) {
        return new SimulatorOptions(host, port, apiKeys, speed, chain, key, sessionMax, eventLoops, tokensPerMinute);
    }

    public SimulatorOptions withSessionMax(Duration other) {
        return new SimulatorOptions(
                host, port, apiKeys, speed, certificate, privateKey, other, eventLoops, tokensPerMinute);
    }

    public SimulatorOptions withEventLoops(int other) {
        return new SimulatorOptions(
                host, port, apiKeys, speed, certificate, privateKey, sessionMax, other, tokensPerMinute);
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException(message);
        }
    }
}
