package dev.parley.server;

import dev.parley.config.RelayConfig;
import dev.parley.relay.RelayTransport;
import dev.parley.telemetry.Meters;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.transport.Transport;

/** The event loops of a broker. */
final class Loops {
    private Loops() {}

    /** How many there are. */
    static int number(RelayConfig config) {
        return config.eventLoops() == 0 ? Runtime.getRuntime().availableProcessors() : config.eventLoops();
    }

    static Vertx start(RelayConfig config, Meters meters, Parts parts) throws StartException {
        int number = number(config);
        Vertx vertx = Vertx.builder()
                .with(new VertxOptions().setEventLoopPoolSize(number))
                .withTransport(transport(config))
                .build();
        parts.add("event loops", () -> Waiting.forStop(vertx.close()));
        Waiting.forStart(
                "starting the event loops",
                vertx.deployVerticle(() -> new LoopLag(meters), new DeploymentOptions().setInstances(number)));
        return vertx;
    }

    private static Transport transport(RelayConfig config) throws StartException {
        try {
            return RelayTransport.pick(
                    RelayTransport.Choice.valueOf(config.transport().name()));
        } catch (IllegalStateException e) {
            throw new StartException("relay.transport: " + e.getMessage(), e);
        }
    }
}
