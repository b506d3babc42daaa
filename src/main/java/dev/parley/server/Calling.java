package dev.parley.server;

import dev.parley.auth.ClientSecrets;
import dev.parley.concurrent.Blocking;
import dev.parley.config.BrokerConfig;
import dev.parley.domain.NodeIdentity;
import dev.parley.quota.Admission;
import dev.parley.relay.Legs;
import dev.parley.session.SessionRegistry;
import dev.parley.session.SessionServices;
import dev.parley.sideband.CallKeeper;
import dev.parley.sideband.CallParts;
import dev.parley.sideband.Calls;
import dev.parley.store.JdbcCalls;
import dev.parley.upstream.AccountClient;
import dev.parley.upstream.Accounts;
import dev.parley.upstream.UpstreamCalls;
import io.vertx.core.Vertx;

/** Calls by WebRTC and SIP, put together. */
record Calling(Calls calls, CallKeeper keeper) {
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
        return new Calling(new Calls(work, keeper), keeper);
    }
}
