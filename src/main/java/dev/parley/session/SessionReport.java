package dev.parley.session;

import dev.parley.domain.Refusal;
import dev.parley.protocol.Scrubber;
import dev.parley.relay.Backlog.Replay;
import dev.parley.relay.LegEnd;
import dev.parley.telemetry.ErrorRecorder.SessionError;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/** Says what went wrong in one session: loudly in the log, and in the error record. Never a payload, never a token. */
public final class SessionReport {
    private static final Logger LOGGER = LoggerFactory.getLogger(SessionReport.class);
    /** Nothing works for anybody until an operator acts. */
    private static final Set<String> ACCOUNT_FAULTS = Set.of(
            "insufficient_quota",
            "billing_hard_limit_reached",
            "account_deactivated",
            "invalid_api_key",
            "rate_limit_exceeded");

    /** A client that provokes errors must not fill the record. */
    private static final int UPSTREAM_ERRORS_MAX = 20;

    private static final int REFUSALS_MAX = 20;

    private final SessionServices services;
    private final SessionOrder order;
    private int upstreamErrors;
    private int refusals;

    public SessionReport(SessionServices services, SessionOrder order) {
        this.services = services;
        this.order = order;
    }

    public void started(String account) {
        LOGGER.atInfo()
                .addKeyValue("tenant", order.tenant().id())
                .addKeyValue("session", order.id())
                .addKeyValue("account", account)
                .log("session started");
    }

    void replaced(String account, String cause, int items, int omitted) {
        services.events().replaced(cause);
        LOGGER.atInfo()
                .addKeyValue("tenant", order.tenant().id())
                .addKeyValue("session", order.id())
                .addKeyValue("account", account)
                .addKeyValue("cause", cause)
                .addKeyValue("items", items)
                .addKeyValue("omitted", omitted)
                .log("session goes on with another upstream");
    }

    void notReplaced(String code) {
        abnormal("upstream", "upstream_not_replaced", "No other upstream could take the session over: " + code, null);
    }

    public void ended(String how, int closeCode) {
        LOGGER.atInfo()
                .addKeyValue("tenant", order.tenant().id())
                .addKeyValue("session", order.id())
                .addKeyValue("how", how)
                .addKeyValue("close", closeCode)
                .log("session ended");
    }

    void parked(LegEnd end, Duration window) {
        LOGGER.atInfo()
                .addKeyValue("tenant", order.tenant().id())
                .addKeyValue("session", order.id())
                .addKeyValue("how", end.cause())
                .addKeyValue("close", end.code())
                .addKeyValue("window_s", window.toSeconds())
                .log("session parked");
    }

    void resumed(Replay missed) {
        LOGGER.atInfo()
                .addKeyValue("tenant", order.tenant().id())
                .addKeyValue("session", order.id())
                .addKeyValue("events", missed.events().size())
                .addKeyValue("whole", missed.whole())
                .log("session resumed");
    }

    /**
     * The provider refused or failed something in a session that goes on. Its own words are kept back: they may quote what
     * the client said. They are told only when its account is at fault.
     *
     * @param clients whether the client's request was at fault
     */
    public void upstreamError(String code, String words, boolean clients) {
        if (++upstreamErrors > UPSTREAM_ERRORS_MAX) {
            return;
        }
        if (ACCOUNT_FAULTS.contains(code)) {
            report(Level.ERROR, "upstream", code, "The upstream account is at fault: " + Scrubber.scrub(words), null);
        } else if (clients) {
            report(Level.INFO, "client", code, "The upstream refused an event of the client.", null);
        } else {
            report(Level.WARN, "upstream", code, "The upstream reported an error.", null);
        }
    }

    /** The client was refused something by a limit in a session that goes on; the first few of a session are kept. */
    void refused(Refusal refusal) {
        boolean byLimit =
                refusal.kind() == Refusal.Kind.BUDGET_EXHAUSTED || refusal.kind() == Refusal.Kind.RATE_LIMITED;
        if (byLimit && ++refusals <= REFUSALS_MAX) {
            report(Level.INFO, "client", refusal.code(), refusal.message(), null);
        }
    }

    /** The session ends for a reason that somebody should look at. */
    public void abnormal(String origin, String code, String detail, @Nullable Integer closeCode) {
        report(Level.WARN, origin, code, detail, closeCode);
    }

    /** The client's leg ended by itself. */
    public void clientEnded(LegEnd end) {
        switch (end.cause()) {
            case PEER_CLOSED, LOCAL -> {}
            case PEER_LOST -> abnormal("client", "client_lost", "The client's socket was lost.", null);
            case PROTOCOL_ERROR ->
                abnormal("client", "client_protocol_error", "The client broke the WebSocket protocol.", end.code());
            case LIMIT -> abnormal("client", "client_limit", "The client exceeded a limit of the relay.", end.code());
            case SLOW -> abnormal("client", "client_slow", "The client did not take its bytes in time.", end.code());
            case TIMEOUT -> abnormal("client", "client_timeout", "The client gave no sign of life.", end.code());
        }
    }

    private void report(Level level, String origin, String code, String detail, @Nullable Integer closeCode) {
        LOGGER.atLevel(level)
                .addKeyValue("tenant", order.tenant().id())
                .addKeyValue("session", order.id())
                .addKeyValue("origin", origin)
                .addKeyValue("code", code)
                .addKeyValue("close", closeCode)
                .log(detail);
        services.errors()
                .record(new SessionError(
                        order.tenant().id(),
                        order.caller().subject(),
                        order.id(),
                        origin,
                        code,
                        detail,
                        closeCode,
                        services.ticker().now()));
    }
}
