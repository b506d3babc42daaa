package dev.parley.server;

import dev.parley.auth.ClientSecrets;
import dev.parley.concurrent.Blocking;
import dev.parley.concurrent.Ticker;
import dev.parley.config.BrokerConfig;
import dev.parley.domain.NodeIdentity;
import dev.parley.quota.Admission;
import dev.parley.relay.Legs;
import dev.parley.session.SessionRegistry;
import dev.parley.session.SessionServices;
import dev.parley.sideband.CallKeeper;
import dev.parley.sideband.CallParts;
import dev.parley.sideband.Calls;
import dev.parley.sideband.IncomingCalls;
import dev.parley.store.JdbcCalls;
import dev.parley.store.JdbcIncomingCalls;
import dev.parley.store.JdbcWebhooks;
import dev.parley.upstream.AccountClient;
import dev.parley.upstream.Accounts;
import dev.parley.upstream.UpstreamCalls;
import dev.parley.webhook.Sender;
import io.vertx.core.Vertx;
import java.time.Duration;

/** Calls by WebRTC and SIP, put together. */
record Calling(Calls calls, IncomingCalls incoming, CallKeeper keeper) {
    private static final int WEBHOOKS_AT_ONCE = 2;
    private static final int WEBHOOKS_WAITING = 100;
    private static final Duration WEBHOOK_WAITS = Duration.ofSeconds(2);

    static Calling start(
            Vertx vertx,
            BrokerConfig config,
            Storage storage,
            SessionServices services,
            Admission admission,
            SessionRegistry registry,
            Accounts accounts,
            Legs legs,
            Blocking blocking,
            NodeIdentity node,
            ClientSecrets secrets,
            Parts parts) {
        UpstreamCalls upstream = new UpstreamCalls(vertx, accounts, AccountClient.limits(config.relay()), legs);
        parts.add("upstream calls", upstream::close);
        CallParts work = new CallParts(
                vertx,
                services,
                admission,
                registry,
                upstream,
                new JdbcCalls(storage.database()),
                blocking,
                node,
                binding -> blocking.call(() -> secrets.use(binding)));
        CallKeeper keeper = new CallKeeper(work, new JdbcCalls(storage.control()));
        parts.add("calls", keeper::close);
        Blocking door = new Blocking(vertx, WEBHOOKS_AT_ONCE, WEBHOOKS_WAITING, WEBHOOK_WAITS);
        parts.add("webhooks of providers", door::close);
        IncomingCalls incoming = new IncomingCalls(
                work,
                new JdbcIncomingCalls(storage.database(), storage.masterKey()),
                new JdbcWebhooks(storage.database(), storage.masterKey()),
                new Sender(vertx, config.webhooks().allowLoopback(), Ticker.SYSTEM),
                door);
        return new Calling(new Calls(work, keeper), incoming, keeper);
    }
}
