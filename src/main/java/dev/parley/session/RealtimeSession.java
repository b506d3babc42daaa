package dev.parley.session;

import dev.parley.domain.NanoUsd;
import dev.parley.domain.SessionId;
import dev.parley.relay.Gate;
import dev.parley.relay.Leg;
import dev.parley.relay.LegEnd;
import dev.parley.relay.MessageHead;
import dev.parley.upstream.UpstreamConnector;
import io.vertx.core.Context;
import java.time.Duration;
import java.time.Instant;

/** One tenant's live conversation. Owns both legs; confined to the event loop of its client's socket. */
public final class RealtimeSession {
    private final Context context;
    private final SessionServices services;
    private final SessionRegistry registry;
    private final SessionOrder order;
    private final Leg client;
    private final Instant startedAt;

    public RealtimeSession(
            Context context, SessionServices services, SessionRegistry registry, SessionOrder order, Leg client) {
        this.context = context;
        this.services = services;
        this.registry = registry;
        this.order = order;
        this.client = client;
        this.startedAt = services.ticker().now();
    }

    public void start() {
        registry.add(this);
        services.upstream().acquire(new UpstreamConnector.Target(order.model())).onSuccess(outcome -> {
            if (outcome instanceof UpstreamConnector.Outcome.Connected(UpstreamConnector.UpstreamSession session)) {
                relay(session);
            } else {
                client.cut();
                registry.remove(this);
            }
        });
    }

    private void relay(UpstreamConnector.UpstreamSession session) {
        Leg upstream = session.leg();
        client.send(session.created());
        client.judge(passing(upstream));
        upstream.judge(passing(client));
        client.forwardTo(upstream);
        upstream.forwardTo(client);
        client.start();
    }

    private Gate passing(Leg peer) {
        return new Gate() {
            @Override
            public Verdict onMessage(MessageHead head) {
                return Verdict.PASS;
            }

            @Override
            public void onEnd(LegEnd end) {
                peer.close(1000, "");
                order.permit().release();
                registry.remove(RealtimeSession.this);
            }
        };
    }

    public SessionId id() {
        return order.id();
    }

    /** Callable from any thread. */
    public SessionSnapshot snapshot() {
        return new SessionSnapshot(
                order.id(),
                order.tenant().id(),
                order.caller().subject(),
                order.model(),
                startedAt,
                "",
                0,
                NanoUsd.ZERO);
    }

    void drain(Duration deadline) {
        context.runOnContext(_ -> client.cut());
    }
}
