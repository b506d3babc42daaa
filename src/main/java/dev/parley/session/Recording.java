package dev.parley.session;

import dev.parley.concurrent.Ticker;
import dev.parley.relay.Gate;
import java.util.function.Consumer;

/**
 * Has what passes the gates of a session noted in its timeline, whichever upstream serves it. One event loop.
 *
 * @param turns hears of those that are done
 */
record Recording(Timeline timeline, Ticker ticker, Consumer<SessionTimeline.Turn> turns) {
    Gate ofClient(Gate gate) {
        return new RecordedGate(gate, true, timeline, ticker, turns);
    }

    Gate ofUpstream(Gate gate) {
        return new RecordedGate(gate, false, timeline, ticker, turns);
    }
}
