package dev.parley.session;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.domain.Refusal;
import dev.parley.protocol.JsonSplice;
import dev.parley.protocol.SessionView;
import dev.parley.quota.SessionPermit.WorstCase;
import dev.parley.session.Underwriter.Decision;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Responses that the provider starts by itself have no client event that could be refused, so they run on a standing
 * cover.
 *
 * <pre>
 *   off ──client wants them──▶ arming ──covered──▶ armed ──response.created──▶ arming (the least)
 *                                 │                  │ ▲                          │
 *                                 │ refused          │ └──── settled: raised ─────┘
 *                                 ▼                  ▼ cannot be raised
 *                               gated ◀──────────────┘
 * </pre>
 *
 * While a response runs, the cover of the next one is only the least: what goes in and some output, enough for a response
 * that slips through while automatic responses are being switched off, and is cancelled at once. When the running one is
 * settled, the cover is raised to the full worst case. If it cannot be, automatic responses are switched off upstream and
 * each turn is gated: the broker asks for the response itself, lowered to what is left. A gated session stays so until its
 * client sets its turn detection anew.
 *
 * <p>While the client is lost, a response that starts is cancelled at once and nothing is armed or raised; a further one ends
 * the session. So nobody's absence costs more than what was reserved when they left.
 */
final class AutomaticResponses {
    private static final Logger LOGGER = LoggerFactory.getLogger(AutomaticResponses.class);
    private static final List<String> CREATE_RESPONSE =
            List.of("session", "audio", "input", "turn_detection", "create_response");
    private static final List<String> IDLE_TIMEOUT =
            List.of("session", "audio", "input", "turn_detection", "idle_timeout_ms");

    private final Underwriter underwriter;
    private final UpdateQueue updates;
    private final SessionLife life;
    private final Supplier<WorstCase> worstCase;
    private final Supplier<SessionView> view;

    private boolean wanted;
    private boolean gated;
    private boolean arming;
    private boolean switchingOff;
    /** What the client asked for. */
    private boolean atEndOfTurn = true;

    private @Nullable JsonNode idleTimeout;
    private boolean closed;
    private @Nullable Cover standing;

    /** @param worstCase what the next response must be covered for now: in full, or the least while one runs */
    AutomaticResponses(
            Underwriter underwriter,
            UpdateQueue updates,
            SessionLife life,
            Supplier<WorstCase> worstCase,
            Supplier<SessionView> view) {
        this.underwriter = underwriter;
        this.updates = updates;
        this.life = life;
        this.worstCase = worstCase;
        this.view = view;
    }

    boolean wanted() {
        return wanted;
    }

    boolean gated() {
        return gated;
    }

    /** While gated: whether the broker asks for a response at the end of a turn. */
    boolean atEndOfTurn() {
        return gated && wanted && atEndOfTurn;
    }

    /** While gated: {@code session.updated} with the turn detection that the client asked for. */
    Buffer asAsked(Buffer updated) {
        Buffer told = JsonSplice.set(updated, CREATE_RESPONSE, Boolean.toString(atEndOfTurn));
        return idleTimeout == null ? told : JsonSplice.set(told, IDLE_TIMEOUT, idleTimeout.toString());
    }

    /** A client's update with the automatic responses that it asks for left out. */
    static Buffer switchedOff(Buffer update, JsonNode turnDetection) {
        Buffer off = JsonSplice.set(update, CREATE_RESPONSE, "false");
        return turnDetection.hasNonNull("idle_timeout_ms") ? JsonSplice.set(off, IDLE_TIMEOUT, "null") : off;
    }

    /**
     * The client is going to want them: call before the provider is told. Completes with false when they must be switched
     * off upstream; the caller does that in the update that it is about to send.
     */
    Future<Boolean> enable(JsonNode turnDetection) {
        wanted = true;
        remember(turnDetection);
        if (gated || standing != null || arming) {
            return Future.succeededFuture(!gated);
        }
        return arm().map(refusal -> {
            gated |= refusal.isPresent();
            return !gated;
        });
    }

    /** The provider has taken an update by which the client does not want them any more. */
    void disable() {
        wanted = false;
        gated = false;
        releaseStanding();
    }

    /** The provider started a response: what covers it, or null if nothing does. It must be cancelled if gated. */
    @Nullable
    Cover take() {
        Cover cover = standing;
        standing = null;
        if (cover != null) {
            cover.busy();
        }
        if (wanted && !gated && !arming && life.attended()) { // what is being armed already covers the next one
            rearm();
        }
        return cover;
    }

    /** The client is back: responses may start again. */
    void attended() {
        if (wanted && !gated && !arming && standing == null) {
            rearm();
        } else {
            topUp();
        }
    }

    /** The provider has told of its session, and no update by which the client wants them is under way. */
    void follow() {
        boolean creates = view.get().createsResponses();
        JsonNode turnDetection = view.get().turnDetection();
        if (gated && wanted) {
            if (creates && !switchingOff) {
                switchOff();
            }
        } else if (creates && !wanted && turnDetection != null) {
            enable(turnDetection).onSuccess(armed -> {
                if (!armed) {
                    switchOff();
                }
            });
        } else if (wanted && !creates) {
            disable();
        } else {
            topUp();
        }
    }

    /** What the next response can cost has grown, or none runs any more. */
    void topUp() {
        Cover cover = standing;
        if (cover == null || gated || !life.attended()) {
            return;
        }
        WorstCase need = worstCase.get();
        cover.raiseTo(need.fixed(), need.inputTokens()).onSuccess(refusal -> {
            if (refusal.isPresent() && standing == cover && !gated) {
                gate();
            }
        });
    }

    /** Somebody speaks: the response that may follow counts in the minute in which it begins. */
    void awaken() {
        Cover cover = standing;
        if (cover == null || gated || !life.attended()) {
            return;
        }
        cover.renew().onSuccess(refusal -> {
            if (refusal.isPresent() && standing == cover && !gated) {
                gate();
            }
        });
        topUp();
    }

    /** Gives the standing cover back; nothing is armed any more. */
    void close() {
        closed = true;
        releaseStanding();
    }

    /** The turn detection of the session with automatic responses off. */
    static JsonNode switchedOff(JsonNode turnDetection) {
        ObjectNode off = turnDetection.deepCopy();
        off.put("create_response", false);
        if (off.hasNonNull("idle_timeout_ms")) {
            off.putNull("idle_timeout_ms");
        }
        return off;
    }

    private void remember(JsonNode turnDetection) {
        atEndOfTurn = turnDetection.path("create_response").asBoolean(true);
        idleTimeout = turnDetection.hasNonNull("idle_timeout_ms") ? turnDetection.get("idle_timeout_ms") : null;
    }

    private void rearm() {
        arm().onSuccess(refusal -> {
            if (refusal.isEmpty()) {
                topUp();
            } else if (!closed && wanted && !gated) {
                gate();
            }
        });
    }

    private Future<Optional<Refusal>> arm() {
        arming = true;
        return underwriter.cover(worstCase.get()).map(decision -> {
            arming = false;
            return switch (decision) {
                case Decision.Refused(Refusal refusal) -> Optional.of(refusal);
                case Decision.Covered(Cover cover) -> {
                    if (closed || !wanted) {
                        cover.release();
                    } else {
                        standing = cover;
                        cover.idle(this::makeRoom);
                    }
                    yield Optional.empty();
                }
            };
        });
    }

    /** Others need what the standing cover holds, and nobody has spoken for a while. */
    private void makeRoom() {
        if (standing != null && !gated && !closed) {
            gate();
        }
    }

    private void gate() {
        gated = true;
        switchOff();
    }

    /** Where the provider does not know yet that it shall start any, {@link #follow} comes back to it. */
    private void switchOff() {
        JsonNode turnDetection = view.get().turnDetection();
        if (turnDetection == null || !life.relaying()) {
            return;
        }
        switchingOff = true;
        remember(turnDetection);
        LOGGER.atDebug().log("the budget cannot cover automatic responses: each turn is gated");
        updates.inject(
                "{\"type\":\"realtime\",\"audio\":{\"input\":{\"turn_detection\":" + switchedOff(turnDetection) + "}}}",
                this::switchedOff);
    }

    private void switchedOff(boolean taken) {
        switchingOff = false;
        if (!taken || view.get().createsResponses()) {
            life.end(Ending.of("upstream", RequestRules.limitsRefused()));
        } else if (gated) {
            releaseStanding(); // from here on none can start by itself
        }
    }

    private void releaseStanding() {
        Cover cover = standing;
        standing = null;
        if (cover != null) {
            cover.release();
        }
    }
}
