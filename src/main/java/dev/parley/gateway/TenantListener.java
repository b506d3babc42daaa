package dev.parley.gateway;

import dev.parley.config.ListenerConfig;
import dev.parley.config.RelayConfig;
import dev.parley.relay.Legs;
import dev.parley.relay.RelayLimits;
import dev.parley.rest.Api;
import dev.parley.rest.Uploads;
import dev.parley.tenancy.OriginBook;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.net.PemKeyCertOptions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * The tenant plane: one HTTP server on each event loop, all on one port. It knows sockets and handshakes; who may come in
 * is the {@link SessionOpener}'s business. Thread-safe.
 */
public final class TenantListener {
    private static final Duration UPGRADE_TIMEOUT = Duration.ofSeconds(15);
    /** How long a client may take to say who it is, where it says so in its first event. */
    private static final Duration FIRST_EVENT_MAX = Duration.ofSeconds(5);

    private final Vertx vertx;
    private final ListenerConfig config;
    private final RelayLimits limits;
    private final Legs legs;
    private final SessionOpener opener;
    private final Api api;
    private final Uploads uploads;
    private final OriginBook origins;
    private final int eventLoops;
    private final Strangers strangers = new Strangers();
    private final List<ListenerLoop> loops = new CopyOnWriteArrayList<>();
    private volatile @Nullable String deployment;

    /** @param eventLoops how many event loops listen; at most those of {@code vertx} make sense */
    public TenantListener(
            Vertx vertx,
            ListenerConfig config,
            RelayLimits limits,
            Legs legs,
            SessionOpener opener,
            Api api,
            Uploads uploads,
            OriginBook origins,
            int eventLoops) {
        this.vertx = vertx;
        this.config = config;
        this.limits = limits;
        this.legs = legs;
        this.opener = opener;
        this.api = api;
        this.uploads = uploads;
        this.origins = origins;
        this.eventLoops = eventLoops;
    }

    /** The bounds of a client's leg from the settings. */
    public static RelayLimits clientLimits(RelayConfig relay) {
        RelayLimits defaults = RelayLimits.client();
        return new RelayLimits(
                relay.messageBytesMax(),
                relay.messageBytesMax(),
                relay.fragmentsMax(),
                relay.messagesPerSecondMax(),
                relay.clientQueueBytesMax(),
                relay.clientQueueAgeMax(),
                relay.heldBytesMax(),
                relay.pingInterval(),
                relay.silenceMax(),
                defaults.messageTimeout(),
                defaults.closeTimeout());
    }

    /**
     * Listens; completes with the port.
     *
     * @param tls the certificate and key; null for plain text
     */
    public Future<Integer> start(@Nullable PemKeyCertOptions tls) {
        DeploymentOptions options = new DeploymentOptions().setInstances(eventLoops);
        return vertx.deployVerticle(() -> newLoop(tls), options).map(id -> {
            deployment = id;
            return loops.getFirst().port();
        });
    }

    /** Takes another certificate for new connections; false if none of the loops had to change. */
    public Future<Boolean> updateTls(PemKeyCertOptions tls) {
        return Future.all(loops.stream().map(loop -> loop.updateTls(tls)).toList())
                .map(changed -> changed.<Boolean>list().contains(true));
    }

    /** Ends everything that is left. */
    public Future<Void> close() {
        String id = deployment;
        return id == null ? Future.succeededFuture() : vertx.undeploy(id);
    }

    private ListenerLoop newLoop(@Nullable PemKeyCertOptions tls) {
        ListenerLoop loop = new ListenerLoop(
                config, tls, limits, legs, opener, api, uploads, origins, UPGRADE_TIMEOUT, strangers, FIRST_EVENT_MAX);
        loops.add(loop);
        return loop;
    }
}
