package dev.parley.session;

import dev.parley.auth.TokenVerifier;
import dev.parley.concurrent.Ticker;
import dev.parley.config.SessionConfig;
import dev.parley.ledger.Ledger;
import dev.parley.ledger.PriceBook;
import dev.parley.relay.Backlogs;
import dev.parley.telemetry.ErrorRecorder;
import dev.parley.tenancy.TenantDirectory;
import dev.parley.upstream.UpstreamConnector;
import java.time.Duration;

/**
 * What every session of a node works with.
 *
 * @param node recorded with each usage entry
 * @param recheckInterval how often a live session's token and tenant are checked again
 */
public record SessionServices(
        UpstreamConnector upstream,
        PriceBook prices,
        Ledger ledger,
        TokenVerifier verifier,
        TenantDirectory tenants,
        ErrorRecorder errors,
        Ticker ticker,
        SessionConfig config,
        Duration recheckInterval,
        String node,
        Backlogs backlogs,
        SessionEvents events) {}
