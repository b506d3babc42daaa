package dev.parley.turn;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.conversation.Trees;
import dev.parley.domain.Refusal;
import dev.parley.domain.TenantId;
import dev.parley.relay.LegEnd;
import dev.parley.upstream.UpstreamConnector;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.List;

/** A provider on a {@link VirtualLoop} that takes exactly as long as the test says. */
final class PacedProvider implements UpstreamConnector {
    private final VirtualLoop loop;
    Duration connect = Duration.ofMillis(150);
    Duration response = Duration.ofMillis(2);
    boolean away;
    private int opened;
    private int open;

    PacedProvider(VirtualLoop loop) {
        this.loop = loop;
    }

    int opened() {
        return opened;
    }

    int open() {
        return open;
    }

    @Override
    public Future<Outcome> acquire(TenantId tenant, Target target) {
        Promise<Outcome> outcome = Promise.promise();
        boolean none = away;
        opened++;
        loop.after(
                connect.toNanos(),
                () -> outcome.complete(
                        none
                                ? new Outcome.Unavailable(
                                        Refusal.of(Refusal.Kind.UPSTREAM_UNAVAILABLE, "upstream_unavailable", "none"),
                                        "timeout")
                                : new Outcome.Connected(new Connection().session())));
        return outcome.future();
    }

    private final class Connection implements Lease {
        private final VirtualLeg leg = new VirtualLeg(loop, this::hear);
        private int last;

        UpstreamSession session() {
            open++;
            leg.start();
            return new UpstreamSession(leg, "default", "sess_" + opened, Buffer.buffer("{}"), List.of(), this);
        }

        private void hear(String text) {
            JsonNode event = Trees.parse(text);
            if (event.path("type").asText().equals("session.update")) {
                leg.receive("{\"type\":\"session.updated\"}");
                return;
            }
            String id = "resp_" + ++last;
            leg.receive("{\"type\":\"response.created\",\"response\":{\"id\":\"" + id + "\",\"metadata\":"
                    + event.at("/response/metadata") + "}}");
            loop.after(
                    response.toNanos(),
                    () -> leg.receive("{\"type\":\"response.done\",\"response\":{\"id\":\"" + id + "\"}}"));
        }

        @Override
        public void ended(LegEnd end) {
            open--;
        }

        @Override
        public void reported(String code) {}
    }
}
