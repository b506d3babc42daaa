package dev.parley.session;

import dev.parley.concurrent.Ticker;
import dev.parley.relay.Gate;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;

/** Has what passes the gates of a session noted in its timeline, whichever upstream serves it. One event loop. */
final class Recording {
    private final Timeline timeline = new Timeline();
    private final SessionOrder order;
    private final SessionRegistry registry;
    private final Ticker ticker;

    /** @param registry hears of the turns that are done */
    Recording(SessionOrder order, SessionRegistry registry, Ticker ticker) {
        this.order = order;
        this.registry = registry;
        this.ticker = ticker;
    }

    Gate ofClient(Gate gate) {
        return new RecordedGate(gate, true, timeline, ticker, this::onTurn);
    }

    Gate ofUpstream(Gate gate) {
        return new RecordedGate(gate, false, timeline, ticker, this::onTurn);
    }

    /** What has passed of late. Callable from any thread. */
    Future<SessionTimeline> snapshot(Context loop) {
        Promise<SessionTimeline> promise = Promise.promise();
        loop.runOnContext(_ -> promise.complete(timeline.snapshot()));
        return promise.future();
    }

    private void onTurn(SessionTimeline.Turn turn) {
        registry.onTurn(new SessionTimeline.Of(order.id(), order.tenant().id(), order.model()), turn);
    }
}
