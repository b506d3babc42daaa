package dev.parley.turn;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.conversation.Ids;
import dev.parley.conversation.Trees;
import dev.parley.domain.Refusal;
import dev.parley.domain.TenantId;
import dev.parley.relay.LegEnd;
import dev.parley.turn.StormWatch.Await;
import dev.parley.upstream.UpstreamConnector;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * A provider that delays, mixes responses as the protocol allows, says things twice, answers after a cancel, forgets to answer,
 * loses connections, numbers its ids for each connection, and now and then says on one connection what belongs on another.
 */
final class HostileProvider implements UpstreamConnector {
    private final VirtualLoop loop;
    private final SplittableRandom random;
    private final StormWatch watch;
    private final List<Response> running = new ArrayList<>();
    private long lastEvent;
    private int opened;
    private int open;

    HostileProvider(VirtualLoop loop, SplittableRandom random, StormWatch watch) {
        this.loop = loop;
        this.random = random;
        this.watch = watch;
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
        if (oneIn(8)) {
            connect(tenant, outcome);
        } else {
            after(300, () -> connect(tenant, outcome));
        }
        return outcome.future();
    }

    private void connect(TenantId tenant, Promise<Outcome> outcome) {
        outcome.complete(
                oneIn(40)
                        ? new Outcome.Unavailable(
                                Refusal.of(Refusal.Kind.UPSTREAM_UNAVAILABLE, "upstream_unavailable", "none"),
                                "timeout")
                        : new Outcome.Connected(new Connection(tenant).session()));
    }

    private boolean oneIn(int times) {
        return random.nextInt(times) == 0;
    }

    private void after(int millisMax, Runnable work) {
        loop.after(Duration.ofMillis(1).toNanos() * random.nextInt(millisMax), work);
    }

    /** One connection of one tenant. */
    private final class Connection implements Lease {
        private final TenantId tenant;
        private final int number = ++opened;
        private final boolean numbersItsIds = random.nextBoolean();
        private final VirtualLeg leg = new VirtualLeg(loop, this::hear);
        private int lastId;
        /** Nothing may be asked for here any more, and why. */
        private @Nullable String spent;

        Connection(TenantId tenant) {
            this.tenant = tenant;
            open++;
        }

        UpstreamSession session() {
            leg.start();
            String created = "{\"type\":\"session.created\",\"session\":{\"id\":\"sess_" + number
                    + "\",\"model\":\"gpt-realtime\"}}";
            return new UpstreamSession(leg, "default", "sess_" + number, Buffer.buffer(created), List.of(), this);
        }

        String id(String prefix) {
            return numbersItsIds ? prefix + ++lastId : Ids.next(prefix);
        }

        @Override
        public void ended(LegEnd end) {
            open--;
            running.removeIf(response -> response.on == this);
        }

        @Override
        public void reported(String code) {}

        private void hear(String text) {
            ObjectNode event = Trees.parseObject(text);
            String eventId = event.path("event_id").asText();
            switch (event.path("type").asText()) {
                case "session.update" -> update(eventId);
                case "response.create" -> create(text, event, eventId);
                case "response.cancel" -> cancel(event.path("response_id").asText(), eventId);
                default -> throw new AssertionError("nobody sends " + text);
            }
        }

        private void update(String eventId) {
            if (oneIn(100)) {
                after(5, () -> tell(error("server_error", eventId)));
            } else if (!oneIn(100)) {
                after(20, () -> tell("{\"type\":\"session.updated\",\"session\":{}}"));
            }
        }

        private void create(String text, ObjectNode event, String eventId) {
            if (spent != null) {
                throw new AssertionError("a response on an upstream session after " + spent);
            }
            String canary = StormWatch.inRequest(tenant.value(), text);
            if (canary == null) {
                throw new AssertionError("a response without its canary");
            }
            watch.awaits(canary, Await.CREATED);
            if (oneIn(60)) {
                after(5, () -> tell(error("server_error", eventId)));
            } else if (oneIn(400)) {
                after(5, () -> tellStranger(error("server_error", null)));
            } else if (!oneIn(300)) {
                Response response = new Response(
                        this, canary, event.at("/response/metadata").deepCopy());
                running.add(response);
                after(30, response::next);
            }
        }

        private void cancel(String id, String eventId) {
            spent = "a cancel";
            Response response = running.stream()
                    .filter(one -> one.on == this && one.id.equals(id) && !one.done)
                    .findFirst()
                    .orElse(null);
            if (response == null) {
                after(5, () -> tell(error("response_cancel_not_active", eventId)));
            } else if (oneIn(12)) {
                response.silent = true;
            } else if (!oneIn(8)) {
                after(10, response::cancelled);
            }
        }

        void tell(String event) {
            leg.receive(event);
            if (oneIn(60)) {
                watch.duplicates++;
                String again = event.replace("\"event_id\":\"e", "\"event_id\":\"again-e");
                after(3, () -> leg.receive(again));
            }
        }

        /** From when it has been read, nothing may be asked for here. */
        void tellStranger(String event) {
            watch.strangers++;
            leg.receive(event, () -> spent = "an event without an owner");
        }

        void mischief() {
            if (oneIn(400)) {
                tellStranger(stranger());
            } else if (oneIn(2_000)) {
                leg.lose();
            }
        }

        /** What belongs to somebody else, or to nobody. */
        private String stranger() {
            Response other = running.get(random.nextInt(running.size()));
            boolean own = other.on == this;
            String id = own ? "resp_nobody" : other.on.number + "_" + other.id;
            String metadata = own ? "null" : other.metadata.toString();
            return switch (random.nextInt(6)) {
                case 0 -> delta(id, other.canary);
                case 1 ->
                    "{\"type\":\"response.created\",\"response\":{\"id\":\"" + id + "\",\"metadata\":" + metadata
                            + ",\"output\":[\"" + other.canary + "\"]}}";
                case 2 ->
                    "{\"type\":\"response.done\",\"response\":{\"id\":\"" + id + "\",\"output\":[\"" + other.canary
                            + "\"]}}";
                case 3 -> "{\"type\":\"conversation.item.added\",\"item\":{\"id\":\"" + other.canary + "\"}}";
                case 4 -> error(other.canary, "event_nobody");
                default -> "{\"type\":\"response.output_text.delta\",\"delta\":\"" + other.canary + "\"}";
            };
        }
    }

    private static String error(String code, @Nullable String eventId) {
        return "{\"type\":\"error\",\"error\":{\"type\":\"server_error\",\"code\":\"" + code
                + "\",\"message\":\"no\",\"event_id\":" + (eventId == null ? "null" : "\"" + eventId + "\"") + "}}";
    }

    private String eventId() {
        return "\"event_id\":\"e" + ++lastEvent + "\",";
    }

    private String delta(String id, String text) {
        return "{\"type\":\"response.output_text.delta\"," + eventId() + "\"response_id\":\"" + id
                + "\",\"item_id\":\"i\",\"output_index\":0,\"content_index\":0,\"delta\":\"" + text + "\"}";
    }

    /** One response, an event at a time. */
    private final class Response {
        private final Connection on;
        private final String canary;
        private final JsonNode metadata;
        private final String id;
        private final String item;
        private final Deque<String> events = new ArrayDeque<>();
        private boolean created;
        private boolean done;
        private boolean silent;

        Response(Connection on, String canary, JsonNode metadata) {
            this.on = on;
            this.canary = canary;
            this.metadata = metadata;
            this.id = on.id("resp_");
            this.item = on.id("item_");
            plan();
        }

        private void plan() {
            String ids = "\"response_id\":\"" + id + "\",\"output_index\":0,";
            events.add("{\"type\":\"response.created\"," + eventId() + "\"response\":" + state("in_progress") + "}");
            events.add("{\"type\":\"response.output_item.added\"," + eventId() + ids + "\"item\":"
                    + item("in_progress", "") + "}");
            for (int i = random.nextInt(4); i >= 0; i--) {
                events.add(delta(id, canary));
            }
            events.add("{\"type\":\"response.output_item.done\"," + eventId() + ids + "\"item\":"
                    + item("completed", canary) + "}");
            events.add(doneAs("completed"));
        }

        private String doneAs(String status) {
            return "{\"type\":\"response.done\"," + eventId() + "\"response\":" + state(status) + "}";
        }

        private String state(String status) {
            boolean ends = !status.equals("in_progress");
            return "{\"id\":\"" + id + "\",\"status\":\"" + status + "\",\"metadata\":" + metadata
                    + ",\"conversation_id\":null,"
                    + "\"output\":[" + (ends ? item(status, canary) : "") + "],\"usage\":"
                    + (ends && !oneIn(20)
                            ? "{\"total_tokens\":12,\"input_tokens\":10,\"output_tokens\":2,\"input_token_details\":{\"text_tokens\":10},"
                                    + "\"output_token_details\":{\"text_tokens\":2}}"
                            : "null")
                    + "}";
        }

        private String item(String status, String text) {
            return "{\"id\":\"" + item + "\",\"type\":\"message\",\"role\":\"assistant\",\"status\":\"" + status
                    + "\",\"content\":["
                    + (text.isEmpty() ? "" : "{\"type\":\"output_text\",\"text\":\"" + text + "\"}") + "]}";
        }

        void next() {
            if (done || silent || !on.leg.isOpen()) {
                return;
            }
            String event = events.remove();
            on.tell(event);
            if (!created) {
                created = true;
                watch.awaits(canary, Await.DONE);
            }
            if (events.isEmpty()) {
                end();
                return;
            }
            on.mischief();
            if (oneIn(1_000)) {
                silent = true;
            }
            after(oneIn(50) ? 2_000 : 6, this::next);
        }

        void cancelled() {
            if (!done && on.leg.isOpen()) {
                String late = delta(id, canary);
                on.tell(doneAs("cancelled"));
                end();
                for (int i = random.nextInt(3); i > 0; i--) {
                    after(10, () -> on.leg.receive(late));
                }
            }
        }

        private void end() {
            done = true;
            running.remove(this);
            watch.awaits(canary, Await.COMMIT);
        }
    }
}
