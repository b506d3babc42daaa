package dev.parley.session;

import dev.parley.relay.Gate;
import dev.parley.relay.LegEnd;
import dev.parley.relay.MessageHead;
import java.util.function.Consumer;

/** Swallows what still arrives on a leg that is being closed. */
record ClosingGate(Consumer<LegEnd> ended) implements Gate {
    @Override
    public Verdict onMessage(MessageHead head) {
        return Verdict.DROP;
    }

    @Override
    public void onEnd(LegEnd end) {
        ended.accept(end);
    }
}
