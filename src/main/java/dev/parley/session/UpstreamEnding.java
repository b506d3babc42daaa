package dev.parley.session;

import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.protocol.Scrubber;
import dev.parley.relay.LegEnd;
import java.util.Set;

/** What a client is told when its upstream has ended; the codes are those of protocol.md §4.2 and §9.31. Pure. */
final class UpstreamEnding {
    /** The provider has closed the session by itself. */
    static final String CLOSED = "upstream_closed";

    private static final int REASON_CHARS_MAX = 120;
    /** Closes that tell of the provider's own trouble, or of a session that has lived as long as it may. */
    private static final Set<Integer> FAILURES = Set.of(1001, 1005, 1006, 1011, 1012, 1013);

    private UpstreamEnding() {}

    static Ending of(LegEnd end) {
        boolean closed = end.cause() == LegEnd.Cause.PEER_CLOSED;
        String code = closed ? CLOSED : "upstream_lost";
        String message = closed
                ? "The upstream closed the session (" + end.code() + ")."
                : "The connection to the upstream was lost.";
        Ending ending = Ending.of("upstream", Refusal.of(Kind.UPSTREAM_UNAVAILABLE, code, message));
        if (!closed) {
            return ending.closing(1011, "upstream lost");
        }
        return accountFault(end)
                ? ending.closing(1013, "upstream unavailable")
                : ending.closing(passable(end.code()) ? end.code() : 1011, reason(end));
    }

    /**
     * Whether another upstream could go on where this one ended: it was lost, its time was over, its provider or account
     * failed; not when its provider said that the session itself is at fault, or the broker ended it.
     */
    static boolean mayBeFollowed(LegEnd end) {
        return switch (end.cause()) {
            case PEER_LOST, TIMEOUT -> true;
            case PEER_CLOSED -> accountFault(end) || FAILURES.contains(end.code());
            case LOCAL, PROTOCOL_ERROR, LIMIT, SLOW -> false;
        };
    }

    /** The provider refuses the broker's own credential or account: the tenant did nothing wrong, and may try again. */
    private static boolean accountFault(LegEnd end) {
        return end.reason().contains("invalid_api_key")
                || end.reason().contains("insufficient_quota")
                || end.reason().contains("billing")
                || end.reason().contains("account_deactivated");
    }

    private static boolean passable(int code) {
        return code == 1000 || code == 1001 || (code >= 1011 && code <= 1013) || (code >= 3000 && code <= 4999);
    }

    private static String reason(LegEnd end) {
        String clean = Scrubber.scrub(end.reason());
        return clean.length() <= REASON_CHARS_MAX ? clean : clean.substring(0, REASON_CHARS_MAX);
    }
}
