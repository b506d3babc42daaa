package dev.parley.session;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.auth.Binding;
import dev.parley.auth.Caller;
import dev.parley.auth.TokenVerifier;
import dev.parley.concurrent.Ticker;
import dev.parley.config.SessionConfig;
import dev.parley.content.ContentMemory;
import dev.parley.dialect.Dialect;
import dev.parley.domain.ModelKind;
import dev.parley.domain.ModelName;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.Refusal;
import dev.parley.domain.SessionId;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import dev.parley.ledger.UsageEntry;
import dev.parley.relay.Backlogs;
import dev.parley.relay.LegEnd;
import dev.parley.telemetry.ErrorRecorder.SessionError;
import dev.parley.tenancy.BudgetPeriod;
import dev.parley.tenancy.Settings;
import dev.parley.tenancy.Tenant;
import dev.parley.tenancy.TenantStatus;
import dev.parley.tenancy.TestTenants;
import dev.parley.upstream.UpstreamConnector;
import dev.parley.upstream.UpstreamConnector.Lease;
import dev.parley.upstream.UpstreamConnector.Outcome;
import dev.parley.upstream.UpstreamConnector.Target;
import dev.parley.upstream.UpstreamConnector.UpstreamSession;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A real session between two fake legs, with a budget and a ledger in memory. Every call runs on the session's event loop
 * and is done when it returns.
 */
final class SessionRig implements AutoCloseable {
    static final String MODEL = "gpt-realtime";

    final FakeLeg client = new FakeLeg();
    /** The upstream that was handed out last. */
    FakeLeg upstream = new FakeLeg();

    private int handedOut;
    final FakeLedger ledger = new FakeLedger();
    final List<SessionError> errors = new ArrayList<>();
    final SessionRegistry registry = new SessionRegistry(10, new ContentMemory(1));
    final List<String> reported = new ArrayList<>();
    /** Why upstreams were replaced. */
    final List<String> replacements = new ArrayList<>();

    /** Why the provider was asked to end a call, and what became of it. */
    final List<String> hungUp = new ArrayList<>();

    final List<CallLine.How> callEnds = new ArrayList<>();
    boolean hangUpFails;

    final FakeBudget budget;

    private final Vertx vertx = Vertx.vertx();
    private final Context context = vertx.getOrCreateContext();
    private final SessionOrder order;
    private volatile Tenant settings;
    private final SessionServices services;
    private int upstreamsEnded;
    private @Nullable Refusal recheck;

    SessionRig(Setup setup) {
        budget = new FakeBudget(NanoUsd.ofUsd(setup.budget));
        Tenant plain = TestTenants.of(
                new TenantId("acme"),
                "Acme",
                TenantStatus.ACTIVE,
                setup.models,
                5,
                NanoUsd.ofUsd(setup.budget),
                BudgetPeriod.DAY,
                setup.outputTokensMax,
                setup.sessionLengthMax,
                setup.closeOnExhausted,
                Instant.EPOCH);
        Tenant tenant = plain.withOwn(setup.settings.apply(plain.own()));
        Caller caller = new Caller(
                tenant.id(),
                new SubjectId("alice"),
                "parley",
                "t1",
                Instant.EPOCH,
                Instant.now().plusSeconds(3600),
                null,
                OptionalInt.empty(),
                false,
                setup.binding);
        FakePrices prices = new FakePrices();
        settings = tenant;
        TenantTerms terms = new TenantTerms(tenant);
        order = new SessionOrder(
                SessionId.random(),
                terms,
                caller,
                setup.kind,
                model(setup.kind),
                model(setup.kind),
                setup.dialect,
                new ModelPolicy(prices, Ticker.SYSTEM, terms, caller),
                budget);
        services = new SessionServices(
                connector(setup),
                prices,
                ledger,
                verifier(),
                _ -> Future.succeededFuture(Optional.of(settings)),
                errors::add,
                Ticker.SYSTEM,
                new SessionConfig(
                        10,
                        50,
                        setup.cancelTimeout,
                        setup.commitTimeout,
                        Duration.ofSeconds(5),
                        setup.replaceBefore,
                        1_000),
                setup.recheckInterval,
                "node-1",
                new Backlogs(Backlogs.NODE_BYTES_MAX, setup.backlogBytesMax, Ticker.SYSTEM),
                replacements::add);
    }

    /** How a rig differs from a roomy one without voice activity. */
    static final class Setup {
        ModelKind kind = ModelKind.CONVERSATION;

        @Nullable
        Binding binding;

        Dialect dialect = Dialect.GA;
        String budget = "100";
        Set<ModelName> models = Set.of();
        int outputTokensMax = 4_096;
        boolean closeOnExhausted;
        boolean voiceActivity;
        UnaryOperator<Settings> settings = own -> own;

        @Nullable
        Refusal unavailable;

        int backlogBytesMax = Backlogs.SESSION_BYTES_MAX;
        Duration sessionLengthMax = Duration.ofHours(1);
        Duration cancelTimeout = Duration.ofMillis(200);
        Duration commitTimeout = Duration.ofMillis(300);
        Duration replaceBefore = Duration.ofMinutes(3);
        Duration upstreamLength = Duration.ofHours(1);
        Duration recheckInterval = Duration.ofSeconds(30);
    }

    static SessionRig started() {
        return started(setup -> setup);
    }

    static SessionRig started(UnaryOperator<Setup> change) {
        SessionRig rig = new SessionRig(change.apply(new Setup()));
        rig.start();
        return rig;
    }

    void start() {
        on(() -> {
            new RealtimeSession(context, services, registry, order, client).start();
            return true;
        });
    }

    /** The same as a call on the upstream's leg, which has lasted so long already. */
    static SessionRig call(UnaryOperator<Setup> change, Duration already) {
        SessionRig rig = new SessionRig(change.apply(new Setup()));
        rig.on(() -> {
            UpstreamSession sideband = ((Outcome.Connected) rig.services
                            .upstream()
                            .acquire(rig.order.tenant().id(), rig.order.target())
                            .result())
                    .session();
            new CallSession(rig.context, rig.services, rig.registry, rig.order, sideband, already, rig.line()).start();
            return true;
        });
        return rig;
    }

    private CallLine line() {
        return new CallLine() {
            @Override
            public Future<Void> hangUp(Refusal why) {
                hungUp.add(why.code());
                return hangUpFails ? Future.failedFuture("away") : Future.succeededFuture();
            }

            @Override
            public void ended(How how) {
                callEnds.add(how);
            }
        };
    }

    /** A client comes back with this as its last event, on another connection. */
    FakeLeg resume(@Nullable String lastEventId) {
        FakeLeg next = new FakeLeg();
        return on(() -> {
            registry.find("sess_1").orElseThrow().resume(new Arrival(next, false, order.caller(), lastEventId));
            return next;
        });
    }

    /** The client's connection ends. */
    void clientLost(LegEnd end) {
        on(() -> {
            client.lose(end);
            return true;
        });
    }

    SessionOrder order() {
        return order;
    }

    void clientSends(String json) {
        on(() -> {
            client.receive(json);
            return true;
        });
    }

    void upstreamSends(String json) {
        on(() -> {
            upstream.receive(json);
            return true;
        });
    }

    <T> T on(Callable<T> work) {
        CompletableFuture<T> done = new CompletableFuture<>();
        context.runOnContext(_ -> {
            try {
                done.complete(work.call());
            } catch (Throwable failure) {
                done.completeExceptionally(failure);
            }
        });
        try {
            return done.get(10, TimeUnit.SECONDS);
        } catch (Exception failure) {
            throw new AssertionError(failure);
        }
    }

    /** Waits until the condition holds on the event loop, for at most ten seconds. */
    void until(String what, Callable<Boolean> condition) {
        CompletableFuture<Boolean> met = new CompletableFuture<>();
        context.runOnContext(_ -> vertx.setPeriodic(5, id -> {
            try {
                if (condition.call()) {
                    vertx.cancelTimer(id);
                    met.complete(true);
                }
            } catch (Exception failure) {
                met.completeExceptionally(failure);
            }
        }));
        assertThat(met).as(what).succeedsWithin(Duration.ofSeconds(10));
    }

    List<JsonNode> toClient() {
        return on(client::events);
    }

    List<JsonNode> toUpstream() {
        return on(upstream::events);
    }

    /** The last event of this type that went upstream. */
    JsonNode sent(String type) {
        return toUpstream().stream()
                .filter(event -> event.path("type").asText().equals(type))
                .reduce((_, second) -> second)
                .orElseThrow(() -> new AssertionError("no " + type + " went upstream: " + on(upstream::written)));
    }

    List<String> clientTypes() {
        return on(client::types);
    }

    List<UsageEntry> entries() {
        return on(ledger::entries);
    }

    /** The tenant's settings change, and the node hears of it. */
    void change(UnaryOperator<Settings> change) {
        settings = settings.withOwn(change.apply(settings.own()));
        registry.recheck(Set.of(settings.id()));
        on(() -> true); // the session has heard
    }

    void refuseAtRecheck(Refusal refusal) {
        recheck = refusal;
    }

    /** The session has ended and has given everything back. */
    void assertNothingLeft() {
        until("the session has ended", () -> registry.size() == 0);
        assertThat(on(budget::openReservations)).as("open reservations").isZero();
        assertThat(on(budget::reserved)).as("reserved money").isEqualTo(NanoUsd.ZERO);
        assertThat(on(ledger::placesOpen)).as("open ledger places").isZero();
        assertThat(on(budget::releases)).as("permit releases").isEqualTo(1);
        assertThat(upstreamsEnded).as("upstream sessions given back").isLessThanOrEqualTo(Math.max(1, handedOut));
    }

    @Override
    public void close() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    static String created(boolean voiceActivity) {
        String turns = voiceActivity
                ? "{\"type\":\"server_vad\",\"threshold\":0.5,\"create_response\":true,\"interrupt_response\":true}"
                : "null";
        return "{\"type\":\"session.created\",\"event_id\":\"event_1\",\"session\":{\"type\":\"realtime\",\"id\":\"sess_1\","
                + "\"model\":\"gpt-realtime\",\"output_modalities\":[\"audio\"],\"max_output_tokens\":\"inf\",\"audio\":{"
                + "\"input\":{\"format\":{\"type\":\"audio/pcm\",\"rate\":24000},\"transcription\":null,\"turn_detection\":"
                + turns + "},\"output\":{\"format\":{\"type\":\"audio/pcm\",\"rate\":24000}}}}}";
    }

    /** What the provider answers to the update that bounds a session. */
    static String updated(boolean voiceActivity) {
        return created(voiceActivity)
                .replace("session.created", "session.updated")
                .replace("\"max_output_tokens\":\"inf\"", "\"max_output_tokens\":4096");
    }

    private static @Nullable ModelName model(ModelKind kind) {
        return switch (kind) {
            case CONVERSATION -> new ModelName(MODEL);
            case TRANSCRIPTION -> null;
            case TRANSLATION -> FakePrices.TRANSLATOR.name();
        };
    }

    private UpstreamConnector connector(Setup setup) {
        return (TenantId tenant, Target target) -> {
            if (setup.unavailable != null) {
                return Future.succeededFuture(new Outcome.Unavailable(setup.unavailable, "timeout"));
            }
            assertThat(target.kind()).isEqualTo(setup.kind);
            assertThat(target.model()).isEqualTo(model(setup.kind));
            upstream = handedOut++ == 0 ? upstream : new FakeLeg();
            String id = "sess_" + handedOut;
            String created = created(setup.voiceActivity)
                    .replace("sess_1", id)
                    .replace(
                            "\"model\":",
                            "\"expires_at\":"
                                    + Instant.now().plus(setup.upstreamLength).getEpochSecond() + ",\"model\":");
            return Future.succeededFuture(new Outcome.Connected(
                    new UpstreamSession(upstream, "default", id, Buffer.buffer(created), List.of(), new Lease() {
                        @Override
                        public void ended(LegEnd end) {
                            upstreamsEnded++;
                        }

                        @Override
                        public void reported(String code) {
                            reported.add(code);
                        }
                    })));
        };
    }

    private TokenVerifier verifier() {
        return new TokenVerifier() {
            @Override
            public Future<Verification> verify(String token) {
                throw new AssertionError("a running session verifies no token");
            }

            @Override
            public Future<Optional<Refusal>> recheck(Caller caller) {
                return Future.succeededFuture(Optional.ofNullable(recheck));
            }
        };
    }
}
