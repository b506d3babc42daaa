package dev.parley.session;

import dev.parley.dialect.Dialect;
import dev.parley.dialect.Dialect.Translation;
import dev.parley.relay.Delivery;
import dev.parley.relay.Gate;
import dev.parley.relay.LegEnd;
import dev.parley.relay.MessageHead;
import io.vertx.core.buffer.Buffer;

/** Judges as another gate does, and translates for the client what goes on. On an upstream's leg; one event loop. */
final class DialectGate implements Gate {
    private final Gate gate;
    private final Dialect dialect;
    /** What is to happen with the message under way, but for the translation. */
    private Verdict verdict = Verdict.DROP;

    private DialectGate(Gate gate, Dialect dialect) {
        this.gate = gate;
        this.dialect = dialect;
    }

    static Gate of(Gate gate, Dialect dialect) {
        return dialect.rewritesServerEvents() ? new DialectGate(gate, dialect) : gate;
    }

    @Override
    public Verdict onMessage(MessageHead head) {
        verdict = gate.onMessage(head);
        return verdict.passes() ? Verdict.COLLECT : verdict;
    }

    @Override
    public Delivery onCollected(MessageHead head, Buffer utf8) {
        if (verdict == Verdict.SHOW) {
            gate.onShown(head, utf8.length() > SHOWN_BYTES_MAX ? null : utf8);
        }
        if (verdict.passes()) {
            gate.onPassed(head);
            return translated(Delivery.asIs(), utf8);
        }
        return translated(gate.onCollected(head, utf8), utf8);
    }

    @Override
    public void onEnd(LegEnd end) {
        gate.onEnd(end);
    }

    private Delivery translated(Delivery delivery, Buffer utf8) {
        return switch (delivery) {
            case Delivery.AsIs _ -> of(dialect.toClient(utf8), delivery);
            case Delivery.Replaced(Buffer other) -> of(dialect.toClient(other), delivery);
            case Delivery.Dropped _ -> delivery;
            case Delivery.Later later -> Delivery.later(later.decision().map(decided -> translated(decided, utf8)));
        };
    }

    private static Delivery of(Translation translation, Delivery unchanged) {
        return switch (translation) {
            case Translation.Unchanged _ -> unchanged;
            case Translation.Changed(Buffer utf8) -> Delivery.replaced(utf8);
            case Translation.Dropped _ -> Delivery.dropped();
        };
    }
}
