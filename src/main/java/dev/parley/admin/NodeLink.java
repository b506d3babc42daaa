package dev.parley.admin;

import dev.parley.administration.Reports;
import dev.parley.concurrent.Blocking;
import dev.parley.concurrent.Ticker;
import dev.parley.session.SessionRegistry;
import io.vertx.ext.web.Router;

/** What this node tells the others of its sessions, and what it hears of theirs. Thread-safe. */
public final class NodeLink implements AutoCloseable {
    private final NodeDoor door;
    private final PeerFigures figures;

    /**
     * @param epoch of this node
     * @param secret that all nodes on the database share
     * @param turns of this node's sessions
     * @param tls whether the admin planes speak TLS
     */
    public NodeLink(
            long epoch,
            byte[] secret,
            boolean tls,
            SessionRegistry registry,
            RecentTurns turns,
            Reports reports,
            Blocking blocking,
            Ticker ticker) {
        OwnFigures own = new OwnFigures(registry, turns, ticker);
        NodeSeal seal = new NodeSeal(secret, ticker);
        this.door = new NodeDoor(epoch, own, seal, blocking);
        this.figures = new PeerFigures(epoch, own, seal, reports, tls ? "https" : "http");
    }

    public SessionFigures figures() {
        return figures;
    }

    void mount(Router router) {
        door.mount(router);
    }

    @Override
    public void close() {
        figures.close();
    }
}
