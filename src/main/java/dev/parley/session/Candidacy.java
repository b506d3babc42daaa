package dev.parley.session;

import dev.parley.protocol.ClientEvents;
import dev.parley.protocol.EventType;
import dev.parley.relay.Delivery;
import dev.parley.session.ConversationText.Replay;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Prepares one upstream to take over a session: tells it the conversation and then the settings, each as if the session's
 * client had sent it, so that all is covered and bounded as usual, and waits until it has taken them. One event loop.
 */
final class Candidacy implements ReplayGate.Listener {
    private static final Duration REPLAY_MAX = Duration.ofSeconds(5);

    private final Vertx vertx;
    private final Tenure tenure;
    private final SessionMemory memory;
    private final String settingsId;
    private final Promise<Replay> ready = Promise.promise();
    private @Nullable Replay told;
    private int refused;

    private Candidacy(Vertx vertx, Tenure tenure, SessionMemory memory) {
        this.vertx = vertx;
        this.tenure = tenure;
        this.memory = memory;
        this.settingsId = tenure.parts().ids().next();
    }

    /** Completes when the upstream can take office; fails, with its code as message, when it cannot and is closed. */
    static Future<Replay> of(Vertx vertx, Tenure tenure, SessionMemory memory) {
        return new Candidacy(vertx, tenure, memory).begin();
    }

    private Future<Replay> begin() {
        long timer = vertx.setTimer(REPLAY_MAX.toMillis(), _ -> fail("replay_timeout"));
        tenure.candidate(this::fail);
        tenure.upstream().leg().judge(new ReplayGate(tenure.parts().upstreamGate(), this));
        tenure.parts().begin().onComplete(begun -> {
            if (begun.failed()) {
                fail("server_error");
            } else if (begun.result().isPresent()) {
                fail(begun.result().get().code());
            } else {
                tell();
            }
        });
        return ready.future().onComplete(_ -> vertx.cancelTimer(timer));
    }

    @Override
    public void answered() {
        Replay replay = told;
        if (replay != null && tenure.parts().updatesIdle()) {
            ready.tryComplete(replay.without(refused));
        }
    }

    @Override
    public void refused(String eventId) {
        if (eventId.equals(settingsId)) {
            fail("settings_refused");
        } else {
            refused++;
        }
    }

    private void tell() {
        Replay replay = memory.text().replay(tenure.parts().ids());
        replay.events().forEach(event -> send(EventType.CONVERSATION_ITEM_CREATE, event));
        Buffer update = ClientEvents.sessionUpdate(
                settingsId,
                SettingsReplay.update(memory.settings(), tenure.parts().created())
                        .toString());
        send(EventType.SESSION_UPDATE, update).onSuccess(sent -> {
            if (sent) {
                told = replay;
            } else {
                fail("settings_refused");
            }
        });
    }

    /** Completes with false when it may not be sent. */
    private Future<Boolean> send(EventType type, Buffer event) {
        return tenure.parts().judge(type, event).map(delivery -> switch (delivery) {
            case Delivery.AsIs _ -> sent(event);
            case Delivery.Replaced(Buffer narrowed) -> sent(narrowed);
            case Delivery.Dropped _, Delivery.Later _ -> false;
        });
    }

    private boolean sent(Buffer event) {
        tenure.sendUpstream(event);
        return true;
    }

    private void fail(String code) {
        if (ready.tryFail(code)) {
            tenure.retire();
        }
    }
}
