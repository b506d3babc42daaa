package dev.parley.server;

import dev.parley.config.BrokerConfig;
import dev.parley.config.Secret;
import dev.parley.config.UpstreamConfig;
import dev.parley.relay.Legs;
import dev.parley.simulator.Simulator;
import dev.parley.simulator.SimulatorOptions;
import dev.parley.upstream.DirectConnector;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The way to the provider, or to the built-in simulator when the settings name none. */
final class Upstreams {
    private static final Logger LOGGER = LoggerFactory.getLogger(Upstreams.class);

    private Upstreams() {}

    static DirectConnector start(Vertx vertx, BrokerConfig config, Legs legs, Parts parts) throws StartException {
        UpstreamConfig upstream = config.upstream();
        URI url = upstream.url();
        if (url == null) {
            url = startSimulator(parts);
            upstream = withKey(upstream, new Secret("simulator"));
        } else {
            warnOfPlainText(url);
        }
        LOGGER.atInfo().addKeyValue("url", url).log("upstream");
        DirectConnector connector =
                new DirectConnector(vertx, url, upstream, DirectConnector.upstreamLimits(config.relay()), legs);
        parts.add("upstream", connector::close);
        return connector;
    }

    /** On event loops of its own, so that what it does never counts as the broker's. */
    private static URI startSimulator(Parts parts) throws StartException {
        Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));
        parts.add("simulator", () -> Waiting.forStop(vertx.close()));
        return Waiting.forStart("starting the simulator", Simulator.start(vertx, SimulatorOptions.DEFAULT))
                .url();
    }

    private static UpstreamConfig withKey(UpstreamConfig config, Secret key) {
        return new UpstreamConfig(
                config.url(),
                key,
                config.organization(),
                config.project(),
                config.trust(),
                config.connectTimeout(),
                config.sessionsMax());
    }

    private static void warnOfPlainText(URI url) {
        try {
            if (url.getScheme().equals("ws")
                    && !InetAddress.getByName(url.getHost()).isLoopbackAddress()) {
                LOGGER.atWarn()
                        .addKeyValue("url", url)
                        .log("the upstream's key and all audio travel unencrypted: use wss");
            }
        } catch (UnknownHostException e) {
            LOGGER.atWarn().addKeyValue("url", url).log("the upstream's host has no address now");
        }
    }
}
