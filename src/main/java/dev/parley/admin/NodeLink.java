package dev.parley.admin;

import dev.parley.administration.Reports;
import dev.parley.concurrent.Blocking;
import dev.parley.concurrent.Ticker;
import dev.parley.domain.NodeIdentity;
import dev.parley.pool.PoolSnapshot;
import dev.parley.session.SessionRegistry;
import io.vertx.ext.web.Router;
import java.util.function.Supplier;

/** What this node tells the others of its sessions, and what it hears of theirs. Thread-safe. */
public final class NodeLink implements AutoCloseable {
    private final NodeDoor door;
    private final PeerFigures figures;

    /**
     * @param node this one
     * @param secret that all nodes on the database share
     * @param turns of this node's sessions
     * @param pool of this node
     * @param tls whether the admin planes speak TLS
     */
    public NodeLink(
            NodeIdentity node,
            byte[] secret,
            boolean tls,
            SessionRegistry registry,
            RecentTurns turns,
            Supplier<PoolSnapshot> pool,
            Reports reports,
            Blocking blocking,
            Ticker ticker) {
        OwnFigures own = new OwnFigures(registry, turns, pool, ticker);
        NodeSeal seal = new NodeSeal(secret, ticker);
        this.door = new NodeDoor(node, own, seal, blocking);
        this.figures = new PeerFigures(node, own, seal, reports, tls ? "https" : "http");
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
