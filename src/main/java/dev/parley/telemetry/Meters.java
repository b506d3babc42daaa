package dev.parley.telemetry;

import dev.parley.domain.NanoUsd;
import dev.parley.domain.TokenUsage;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Every meter of the broker, with its name. Labels come from bounded sets: a label that could grow without end (a code that
 * a provider made up) is counted as {@code other} above {@value #LABEL_VALUES_MAX} values. No tenant, subject or session is
 * ever a label. Thread-safe and cheap enough for event loops.
 */
public final class Meters {
    static final int LABEL_VALUES_MAX = 100;
    private static final double NANOS_PER_USD = 1e9;
    private static final String OTHER = "other";

    private final MeterRegistry registry;
    private final Map<String, Map<String, Counter>> counters = new ConcurrentHashMap<>();
    private final Counter started;
    private final Counter resumed;
    private final Counter cost;
    private final Timer commits;
    private final Timer acquired;
    private final Timer handshakes;
    private final Timer loopLag;
    private final Timer firstOutputs;
    private final Timer firstAudios;
    private final Timer turns;

    public Meters(MeterRegistry registry) {
        this.registry = registry;
        this.started = Counter.builder("parley.sessions.started")
                .description("Handshakes that became sessions")
                .register(registry);
        this.resumed = Counter.builder("parley.sessions.resumed")
                .description("Clients that came back to their session")
                .register(registry);
        this.cost = Counter.builder("parley.cost.usd")
                .description("Cost of all usage entries, in dollars; for trends, the ledger has the exact sum")
                .register(registry);
        this.commits = Timer.builder("parley.ledger.commit")
                .description("From a usage entry's hand-over to its commit")
                .publishPercentiles(0.5, 0.99)
                .register(registry);
        this.acquired = Timer.builder("parley.pool.acquire")
                .description("How long sessions waited for their upstream session")
                .publishPercentiles(0.5, 0.99)
                .register(registry);
        this.handshakes = Timer.builder("parley.upstream.connect")
                .description("From the start of an upstream connection to its session.created")
                .publishPercentiles(0.5, 0.99)
                .register(registry);
        this.loopLag = Timer.builder("parley.event.loop.lag")
                .description("How late event loops run their timers")
                .publishPercentiles(0.5, 0.99)
                .register(registry);
        // The first two are named as OpenTelemetry's GenAI conventions do.
        this.firstOutputs = latency(
                registry,
                "gen_ai.server.time_to_first_token",
                "From the end of the user's turn to the first delta of its response");
        this.firstAudios =
                latency(registry, "parley.time.to.first.audio", "From the end of the user's turn to the first audio");
        this.turns =
                latency(registry, "gen_ai.server.request.duration", "From the end of the user's turn to response.done");
    }

    /** A gauge that asks {@code value} whenever it is read; from any thread, so it must not block. */
    public void gauge(String name, String description, Supplier<Number> value) {
        Gauge.builder(name, value).description(description).register(registry);
    }

    /** A session has begun. */
    public void sessionStarted() {
        started.increment();
    }

    /** A client has come back to its session. */
    public void sessionResumed() {
        resumed.increment();
    }

    /** A handshake or a response was turned away. */
    public void refused(String code) {
        count("parley.refusals", "Handshakes refused, by error code", "code", code);
    }

    /** Something went wrong in a session. */
    public void failed(String origin, String code) {
        count("parley.errors", "Errors of sessions, by origin and code", "error", origin + ":" + code);
    }

    /** A socket was closed by the broker. */
    public void closed(int closeCode) {
        count("parley.closes", "Sessions ended with an error, by close code", "code", Integer.toString(closeCode));
    }

    /** A session got its upstream session. */
    public void acquired(Duration waited, boolean warm) {
        acquired.record(waited);
        count("parley.pool.acquired", "Upstream sessions handed out, warm or not", "from", warm ? "warm" : "connect");
    }

    /** A session got none. */
    public void acquireRefused(String code) {
        count("parley.pool.refused", "Sessions that got no upstream session, by cause", "code", code);
    }

    /** An upstream session was opened. */
    public void upstreamConnected(String account, Duration took) {
        handshakes.record(took);
        count("parley.upstream.connected", "Upstream sessions opened, by account", "account", account);
    }

    /** An upstream session could not be opened. */
    public void upstreamFailed(String account, String code) {
        count(
                "parley.upstream.failed",
                "Upstream sessions not opened, by account and code",
                "error",
                account + ":" + code);
    }

    /** An upstream session is gone. */
    public void upstreamEnded(String reason) {
        count("parley.upstream.ended", "Upstream sessions ended, by reason", "reason", reason);
    }

    /** A session goes on with another upstream session. */
    public void upstreamReplaced(String cause) {
        count("parley.upstream.replaced", "Sessions that went on with another upstream, by cause", "cause", cause);
    }

    /** A usage entry is committed. */
    public void committed(String work, String status, TokenUsage tokens, NanoUsd amount, Duration waited) {
        count("parley.usage.entries", "Usage entries committed, by work and status", "work", work + ":" + status);
        tokens("text_in", tokens.textIn() - tokens.cachedText());
        tokens("text_cached", tokens.cachedText());
        tokens("text_out", tokens.textOut());
        tokens("audio_in", tokens.audioIn() - tokens.cachedAudio());
        tokens("audio_cached", tokens.cachedAudio());
        tokens("audio_out", tokens.audioOut());
        tokens("image_in", tokens.imageIn() - tokens.cachedImage());
        tokens("image_cached", tokens.cachedImage());
        cost.increment((double) amount.value() / NANOS_PER_USD);
        commits.record(waited);
    }

    /** A response has ended; what never came is null. */
    public void turn(@Nullable Duration firstOutput, @Nullable Duration firstAudio, Duration whole) {
        if (firstOutput != null) {
            firstOutputs.record(firstOutput);
        }
        if (firstAudio != null) {
            firstAudios.record(firstAudio);
        }
        turns.record(whole);
    }

    private static Timer latency(MeterRegistry registry, String name, String description) {
        return Timer.builder(name)
                .description(description)
                .publishPercentiles(0.5, 0.95, 0.99)
                .register(registry);
    }

    /** A timer of an event loop ran this late. */
    public void loopLag(Duration late) {
        loopLag.record(late);
    }

    private void tokens(String tokenClass, long number) {
        if (number > 0) {
            counter("parley.tokens", "Tokens used, by class", "class", tokenClass)
                    .increment((double) number);
        }
    }

    private void count(String name, String description, String label, String value) {
        counter(name, description, label, value).increment();
    }

    private Counter counter(String name, String description, String label, String value) {
        Map<String, Counter> byValue = counters.computeIfAbsent(name, _ -> new ConcurrentHashMap<>());
        Counter known = byValue.get(value);
        if (known != null) {
            return known;
        }
        String bounded = byValue.size() < LABEL_VALUES_MAX ? value : OTHER;
        return byValue.computeIfAbsent(
                bounded,
                labelValue -> Counter.builder(name)
                        .description(description)
                        .tags(List.of(Tag.of(label, labelValue)))
                        .register(registry));
    }
}
