package dev.parley.sideband;

import dev.parley.auth.Binding;
import dev.parley.call.CallStore;
import dev.parley.concurrent.Blocking;
import dev.parley.domain.NodeIdentity;
import dev.parley.quota.Admission;
import dev.parley.session.SessionRegistry;
import dev.parley.session.SessionServices;
import dev.parley.upstream.UpstreamCalls;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.function.Function;

/**
 * What calls work with.
 *
 * @param store asked through {@code blocking} by requests
 * @param secrets starts a session with a client secret; false if it has none left
 */
public record CallParts(
        Vertx vertx,
        SessionServices services,
        Admission admission,
        SessionRegistry registry,
        UpstreamCalls upstream,
        CallStore store,
        Blocking blocking,
        NodeIdentity node,
        Function<Binding, Future<Boolean>> secrets) {}
