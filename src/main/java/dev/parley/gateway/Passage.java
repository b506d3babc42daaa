package dev.parley.gateway;

import dev.parley.relay.Gate;
import dev.parley.relay.Leg;
import dev.parley.relay.LegEnd;
import dev.parley.relay.MessageHead;
import java.util.function.Consumer;

/**
 * A client on this node, joined to its session on another one: everything passes as it comes, and is judged there. A client's
 * goodbye is passed on; when it is lost, so is the connection to the session, which waits for it. One event loop.
 */
final class Passage {
    private static final int CLOSE_NORMAL = 1000;
    private static final int CLOSE_WITHOUT_CODE = 1005;
    private static final int CLOSE_RESTART = 1012;

    /** The session lives: the client may come back through another node. */
    private static final String RESUME_ELSEWHERE = "resume_elsewhere";

    private final Leg client;
    private final Leg session;
    private final Consumer<Passage> over;

    Passage(Leg client, Leg session, Consumer<Passage> over) {
        this.client = client;
        this.session = session;
        this.over = over;
    }

    void begin() {
        client.judge(new Way(this::clientEnded));
        session.judge(new Way(this::sessionEnded));
        client.forwardTo(session);
        session.forwardTo(client);
        session.start();
        session.send(ReadyGate.READY);
        client.start();
    }

    /** This node has to go: the session stays where it is. */
    void end() {
        session.cut();
        client.close(CLOSE_RESTART, RESUME_ELSEWHERE);
    }

    private void clientEnded(LegEnd end) {
        if (end.cause() == LegEnd.Cause.PEER_CLOSED) {
            session.close(sendable(end.code()), "");
        } else {
            session.cut();
        }
        over.accept(this);
    }

    private void sessionEnded(LegEnd end) {
        if (end.cause() == LegEnd.Cause.PEER_CLOSED) {
            client.close(sendable(end.code()), end.reason());
        } else {
            client.close(CLOSE_RESTART, RESUME_ELSEWHERE); // if its node lives, it waits there
        }
    }

    private static int sendable(int code) {
        return code == CLOSE_WITHOUT_CODE ? CLOSE_NORMAL : code;
    }

    /** One direction. */
    private record Way(Consumer<LegEnd> ended) implements Gate {
        @Override
        public Verdict onMessage(MessageHead head) {
            return Verdict.PASS;
        }

        @Override
        public void onEnd(LegEnd end) {
            ended.accept(end);
        }
    }
}
