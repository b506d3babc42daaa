package dev.parley.simulator;

import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;

/** The sockets that listen to a call: none, one or several, who all hear the same. Confined to the call's event loop. */
final class Sidebands implements Line {
    private final List<Peer> peers = new ArrayList<>();

    void join(Peer peer, byte[] created) {
        peer.write(FrameReader.TEXT, true, created, 0, created.length);
        peers.add(peer);
    }

    void leave(Peer peer) {
        peers.remove(peer);
    }

    int size() {
        return peers.size();
    }

    /** Completes when one of them has it; who is alone speaks to nobody, and waits for nobody. */
    @Override
    public Future<Void> write(int opcode, boolean last, byte[] payload, int from, int to) {
        List<Future<Void>> written = peers.stream()
                .map(peer -> peer.write(opcode, last, payload, from, to))
                .toList();
        return written.isEmpty()
                ? Future.failedFuture("nobody listens")
                : Future.any(written).mapEmpty();
    }

    @Override
    public void ping() {
        peers.forEach(Peer::ping);
    }

    @Override
    public void close(int code, String reason) {
        List.copyOf(peers).forEach(peer -> peer.close(code, reason));
    }

    @Override
    public void drop() {
        List.copyOf(peers).forEach(Peer::drop);
    }

    @Override
    public void pause() {
        peers.forEach(Peer::pause);
    }

    @Override
    public void resume() {
        peers.forEach(Peer::resume);
    }
}
