package dev.parley.gateway;

import dev.parley.auth.Caller;
import dev.parley.auth.NodeTickets;
import dev.parley.config.Secret;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.domain.SessionId;
import dev.parley.domain.TenantId;
import dev.parley.gateway.SessionOpener.Entrance;
import dev.parley.gateway.SessionOpener.Opening;
import dev.parley.relay.Leg;
import dev.parley.relay.Legs;
import dev.parley.relay.RelayLimits;
import dev.parley.relay.RelayOptions;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.UpgradeRejectedException;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.http.WebSocketConnectOptions;
import io.vertx.core.net.HostAndPort;
import io.vertx.core.net.PemTrustOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Leads clients to sessions on other nodes, over those nodes' tenant planes, where a {@link NodeTickets ticket} stands for
 * the client's token. Thread-safe.
 */
public final class PeerNodes implements Peers, AutoCloseable {
    static final String TICKET_HEADER = "Parley-Node-Ticket";

    private static final Logger LOGGER = LoggerFactory.getLogger(PeerNodes.class);
    private static final Duration CONNECT_MAX = Duration.ofSeconds(5);
    private static final Duration RETRY_SOON = Duration.ofSeconds(2);
    private static final int NOT_FOUND = 404;
    private static final int TOO_MANY_REQUESTS = 429;

    /** Of one tenant, at once. */
    private static final int LOOK_UPS_MAX = 100;

    /** A node writes down where a session is while it begins, and its client may be back before that is done. */
    private static final Duration LOOK_AGAIN = Duration.ofMillis(300);

    /** What the other nodes can take of those that come back at once. */
    private static final int CLOSES_PER_SECOND = 500;

    private final Vertx vertx;
    private final Directory directory;
    private final NodeTickets tickets;
    private final Legs legs;
    private final RelayLimits limits;
    private final boolean tls;
    private final WebSocketClient client;
    private final Map<TenantId, Integer> lookUps = new ConcurrentHashMap<>();
    private final Map<Passage, Context> passages = new ConcurrentHashMap<>();
    private volatile @Nullable Promise<Void> drained;

    /** Knows where sessions are. */
    public interface Directory {
        /** The caller's session with this id, if it is on a living node; fails when that cannot be known now. */
        Future<Optional<Place>> find(String session, Caller caller);
    }

    /** Where a session is. */
    public record Place(SessionId session, String reachedAt) {}

    /**
     * @param limits of the legs to other nodes
     * @param certificate the one of the tenant planes, which all nodes share and trust; null if they speak plain text
     */
    public PeerNodes(
            Vertx vertx,
            Directory directory,
            NodeTickets tickets,
            Legs legs,
            RelayLimits limits,
            @Nullable Path certificate) {
        this.vertx = vertx;
        this.directory = directory;
        this.tickets = tickets;
        this.legs = legs;
        this.limits = limits;
        this.tls = certificate != null;
        WebSocketClientOptions options = RelayOptions.standard()
                .client(new WebSocketClientOptions(), limits)
                .setConnectTimeout((int) CONNECT_MAX.toMillis());
        if (certificate != null) {
            // Nodes are reached by their addresses, which their certificate need not name.
            options.setVerifyHost(false).setTrustOptions(new PemTrustOptions().addCertPath(certificate.toString()));
        }
        this.client = vertx.createWebSocketClient(options);
    }

    @Override
    public Future<Opening> resume(ResumeRequest request, Caller caller) {
        if (lookUps.merge(caller.tenant(), 1, Integer::sum) > LOOK_UPS_MAX) {
            looked(caller.tenant());
            return refused(RealtimeSessions.TOO_OFTEN);
        }
        return find(request.session(), caller)
                .onComplete(_ -> looked(caller.tenant()))
                .compose(
                        place -> place.isEmpty()
                                ? refused(RealtimeSessions.UNKNOWN_SESSION)
                                : connect(place.get(), request, caller),
                        failure -> unreachable("directory", failure));
    }

    private void looked(TenantId tenant) {
        lookUps.computeIfPresent(tenant, (_, number) -> number == 1 ? null : number - 1);
    }

    private Future<Optional<Place>> find(String session, Caller caller) {
        return directory
                .find(session, caller)
                .compose(place -> place.isPresent()
                        ? Future.succeededFuture(place)
                        : vertx.timer(LOOK_AGAIN.toMillis(), TimeUnit.MILLISECONDS)
                                .compose(_ -> directory.find(session, caller)));
    }

    @Override
    public Optional<Caller> vouchedFor(Secret ticket, String session) {
        return tickets.open(ticket.reveal(), session);
    }

    /** Passages that are open. */
    public int passages() {
        return passages.size();
    }

    /**
     * Ends all passages one after the other, {@link #CLOSES_PER_SECOND} at most and within half of the deadline; their clients
     * come back through another node. Completes when none is left. Idempotent.
     */
    public synchronized Future<Void> drain(Duration deadline) {
        Promise<Void> running = drained;
        if (running != null) {
            return running.future();
        }
        Promise<Void> done = Promise.promise();
        drained = done;
        List<Map.Entry<Passage, Context>> all = List.copyOf(passages.entrySet());
        long spread = Math.min(deadline.toMillis() / 2, all.size() * 1_000L / CLOSES_PER_SECOND);
        int number = 0;
        for (Map.Entry<Passage, Context> one : all) {
            end(one.getKey(), one.getValue(), spread * number / all.size());
            number++;
        }
        tellWhenDrained();
        return done.future();
    }

    private static void end(Passage passage, Context context, long inMillis) {
        context.runOnContext(_ -> {
            if (inMillis == 0) {
                passage.end();
            } else {
                context.owner().setTimer(inMillis, _ -> passage.end());
            }
        });
    }

    private void over(Passage passage) {
        passages.remove(passage);
        tellWhenDrained();
    }

    private void tellWhenDrained() {
        Promise<Void> done = drained;
        if (done != null && passages.isEmpty()) {
            done.tryComplete();
        }
    }

    /** Ends at once what a drain has left. */
    @Override
    public void close() {
        passages.forEach((passage, context) -> end(passage, context, 0));
        client.close();
    }

    private Future<Opening> connect(Place place, ResumeRequest request, Caller caller) {
        HostAndPort address = HostAndPort.parseAuthority(place.reachedAt(), 0);
        String lastEvent = request.lastEventId();
        WebSocketConnectOptions options = new WebSocketConnectOptions()
                .setHost(address.host())
                .setPort(address.port())
                .setSsl(tls)
                .setURI("/v1/realtime?session_id=" + request.session()
                        + (lastEvent == null ? "" : "&last_event_id=" + lastEvent))
                .setTimeout(CONNECT_MAX.toMillis());
        options.putHeader(TICKET_HEADER, tickets.seal(caller, request.session()));
        return client.connect(options)
                .compose(
                        socket -> Future.succeededFuture(
                                new Opening.Accepted(new Far(place.session(), legs.upstream(socket, limits)))),
                        failure -> refusedThere(place, failure));
    }

    private static Future<Opening> refusedThere(Place place, Throwable failure) {
        int status = failure instanceof UpgradeRejectedException rejected ? rejected.getStatus() : 0;
        return switch (status) {
            case NOT_FOUND -> refused(RealtimeSessions.UNKNOWN_SESSION);
            case TOO_MANY_REQUESTS -> refused(RealtimeSessions.TOO_OFTEN);
            default -> unreachable(place.reachedAt(), failure);
        };
    }

    private static Future<Opening> refused(Refusal refusal) {
        return Future.succeededFuture(new Opening.Refused(refusal));
    }

    private static Future<Opening> unreachable(String where, Throwable failure) {
        LOGGER.atWarn()
                .addKeyValue("where", where)
                .addKeyValue("cause", failure.getClass().getSimpleName())
                .log("a session on another node cannot be reached");
        return refused(Refusal.of(
                        Kind.OVERLOADED,
                        "session_node_unreachable",
                        "The session's node cannot be reached now; try again.")
                .retryAfter(RETRY_SOON));
    }

    /** A session on another node that waits for its client. */
    private final class Far implements Entrance {
        private final SessionId session;
        private final Leg leg;

        Far(SessionId session, Leg leg) {
            this.session = session;
            this.leg = leg;
        }

        @Override
        public SessionId session() {
            return session;
        }

        @Override
        public void enter(Leg from) {
            Passage passage = new Passage(from, leg, PeerNodes.this::over);
            passages.put(passage, Vertx.currentContext());
            passage.begin();
            if (drained != null) { // it was let in before the drain began
                passage.end();
            }
        }

        @Override
        public void abandon() {
            leg.cut();
        }
    }
}
