package dev.parley.turn;

import dev.parley.gateway.BrokerRig;
import dev.parley.relay.RelayLimits;
import dev.parley.tenancy.PoolMode;
import java.time.Duration;

/** Brokers whose shared upstream sessions go soon after their last response, so that a test can see that nothing is left. */
public final class TurnRig {
    private TurnRig() {}

    public static BrokerRig start() throws Exception {
        return start(limits(16, 8, Duration.ofMillis(300)));
    }

    static BrokerRig start(TurnLimits limits) throws Exception {
        return new BrokerRig(RelayLimits.client(), limits);
    }

    static TurnLimits limits(int responsesPerUpstreamMax, int upstreamsMax, Duration idleMax) {
        TurnLimits standard = TurnLimits.STANDARD;
        return new TurnLimits(
                responsesPerUpstreamMax,
                upstreamsMax,
                4 * upstreamsMax,
                standard.waitingMax(),
                standard.waitingBytesMax(),
                standard.acquireTimeout(),
                idleMax,
                standard.lifeMax(),
                standard.silenceMax(),
                standard.requestBytesMax(),
                standard.conversation(),
                standard.bufferBytesMax());
    }

    public static void inTurnMode(BrokerRig rig, String tenant) {
        rig.tenant(tenant, made -> made.withOwn(made.own().withPoolMode(PoolMode.TURN)));
    }
}
