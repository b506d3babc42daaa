package dev.parley.server;

import dev.parley.auth.NodeTickets;
import dev.parley.cluster.SessionDirectory;
import dev.parley.concurrent.Blocking;
import dev.parley.concurrent.Ticker;
import dev.parley.config.BrokerConfig;
import dev.parley.gateway.PeerNodes;
import dev.parley.gateway.Peers;
import dev.parley.relay.Legs;
import dev.parley.session.SessionRegistry;
import dev.parley.store.JdbcPlaces;
import dev.parley.upstream.AccountClient;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;

/** What lets a client come back on another node than its session's. */
record Resumption(SessionDirectory directory, PeerNodes nodes) {
    static Resumption start(
            Vertx vertx,
            BrokerConfig config,
            Storage storage,
            Blocking blocking,
            Legs legs,
            SessionRegistry registry,
            Parts parts) {
        SessionDirectory directory =
                new SessionDirectory(new JdbcPlaces(storage.control()), new JdbcPlaces(storage.database()), blocking);
        parts.add("session directory", directory::close);
        registry.tellOfKnown(directory::known);
        PeerNodes nodes = new PeerNodes(
                vertx,
                (id, caller) -> directory
                        .find(id, caller.tenant(), caller.wholeTenant() ? null : caller.subject())
                        .map(found -> found.map(place -> new PeerNodes.Place(place.session(), place.reachedAt()))),
                new NodeTickets(storage.masterKey(), Ticker.SYSTEM),
                legs,
                AccountClient.limits(config.relay()),
                config.http().tlsCertificate());
        return new Resumption(directory, nodes);
    }

    Peers peers() {
        return nodes;
    }

    /** The clients of other nodes' sessions go and come back elsewhere; completes when all have gone. */
    Future<Void> drain(Duration deadline) {
        return nodes.drain(deadline);
    }

    /** The tenant plane listens; its passages end before it does. */
    void reachedAt(BrokerConfig config, int tenantPort, Parts parts) throws StartException {
        parts.add("passages to other nodes", nodes::close);
        String host = config.node().address() == null
                ? host(config.http().host())
                : config.node().address();
        directory.reachedAt((host.contains(":") ? '[' + host + ']' : host) + ':' + tenantPort);
    }

    private static String host(String listening) throws StartException {
        try {
            return InetAddress.getByName(listening).isAnyLocalAddress()
                    ? InetAddress.getLocalHost().getHostAddress()
                    : listening;
        } catch (UnknownHostException e) {
            throw new StartException("this machine's address is not known: set node.address", e);
        }
    }
}
