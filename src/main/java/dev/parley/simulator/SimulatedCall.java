package dev.parley.simulator;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.conversation.AudioFormat;
import dev.parley.conversation.SessionState;
import dev.parley.conversation.Trees;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A call by WebRTC or SIP: a session whose audio comes and goes by itself, and whose events go to whoever listens. It lives
 * until somebody hangs up, also when nobody listens. Confined to the event loop that it began on, but for the methods that
 * say otherwise.
 */
final class SimulatedCall {
    private static final int QUIET_MILLIS = 300;
    private static final int WORDS_FROM_MILLIS = 250;
    private static final int WORDS_MILLIS = 500;
    private static final int SILENCE_MILLIS = 1_500;
    private static final int TURN_MILLIS = 1_000;
    private static final int CLOSE_NORMAL = 1000;

    private final Provider provider;
    private final String id;
    /** Of its session, once it has one. */
    private volatile Context context;

    private final Script script;
    private final Sidebands sidebands = new Sidebands();
    private volatile @Nullable SimulatedSession session;
    private boolean over;

    SimulatedCall(Provider provider, String id, Script script) {
        this.provider = provider;
        this.id = id;
        this.context = provider.vertx().getOrCreateContext();
        this.script = script;
    }

    String id() {
        return id;
    }

    /** Its event loop. Safe on any thread. */
    Context context() {
        return context;
    }

    /** Safe on any thread. */
    boolean isAccepted() {
        return session != null;
    }

    /**
     * The model takes the call.
     *
     * @param settings as of a session.update, with the model; a ClientError if they cannot be
     */
    void begin(ObjectNode settings) {
        String model = settings.path("model").asText("");
        SessionState state = SessionState.conversation(model, SimulatedSession.longest(provider, script));
        SimulatedSession fresh =
                new SimulatedSession(provider, new Wire(sidebands, script, provider.books()), script, state);
        fresh.configure(settings);
        context = provider.vertx().getOrCreateContext();
        session = fresh;
        fresh.open();
        speakLater(script.count(ScriptKey.CALL_TURNS, 0));
    }

    /** A sideband, to be told of all that happens from now on; its messages are the session's. */
    void join(Peer peer) {
        SimulatedSession mine = session;
        if (mine != null) {
            sidebands.join(peer, Trees.writeBytes(mine.created()));
        }
    }

    void leave(Peer peer) {
        sidebands.leave(peer);
    }

    void onText(String text) {
        SimulatedSession mine = session;
        if (mine != null) {
            mine.onText(text);
        }
    }

    /** The caller says something, and waits for an answer. Safe on any thread. */
    void speak() {
        context.runOnContext(_ -> {
            SimulatedSession mine = session;
            if (mine != null && !over) {
                AudioFormat format = mine.format();
                mine.hear(silence(QUIET_MILLIS, format));
                mine.hear(provider.voice().speak(WORDS_FROM_MILLIS, WORDS_MILLIS, format));
                mine.hear(silence(SILENCE_MILLIS, format));
            }
        });
    }

    /** The connections of those who listen are lost; the call goes on. Safe on any thread. */
    void dropSidebands() {
        context.runOnContext(_ -> sidebands.drop());
    }

    /** Ends it, if it is not over. Safe on any thread; completes when its sockets are being told. */
    Future<Void> end(String by) {
        Promise<Void> done = Promise.promise();
        context.runOnContext(_ -> {
            if (!over) {
                over = true;
                provider.calls().ended(this, by);
                SimulatedSession mine = session;
                if (mine != null) {
                    mine.finish(CLOSE_NORMAL, "");
                }
            }
            done.complete();
        });
        return done.future();
    }

    private void speakLater(int times) {
        if (times > 0 && !over) {
            provider.vertx().setTimer(Math.max(1, script.count(ScriptKey.CALL_TURN_MILLIS, TURN_MILLIS)), _ -> {
                speak();
                speakLater(times - 1);
            });
        }
    }

    private static byte[] silence(int millis, AudioFormat format) {
        byte[] audio = new byte[millis * format.samplesPerMilli() * format.bytesPerSample()];
        if (format == AudioFormat.PCMU) {
            Arrays.fill(audio, (byte) 0xff);
        } else if (format == AudioFormat.PCMA) {
            Arrays.fill(audio, (byte) 0xd5);
        }
        return audio;
    }
}
