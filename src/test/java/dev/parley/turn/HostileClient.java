package dev.parley.turn;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.auth.Caller;
import dev.parley.conversation.Trees;
import dev.parley.session.Arrival;
import dev.parley.turn.StormWatch.Await;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * One client of one session in a storm: so many turns one after the other, with a cancel, a second request, or its leaving at
 * any moment. Every turn must come to an end that is its own.
 */
final class HostileClient {
    /** Longer than every time-out on the way of a response, one after the other. */
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private static final String SETTINGS =
            "{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"output_modalities\":[\"text\"]}}";

    private final VirtualLoop loop;
    private final SplittableRandom random;
    private final StormWatch watch;
    private final String tenant;
    private final int session;
    private final IntConsumer over;
    private final Set<String> heard = new HashSet<>();
    private final Set<String> ended = new HashSet<>();
    private final Set<String> refusable = new HashSet<>();
    private VirtualLeg leg;
    private @Nullable TurnSession live;
    private @Nullable Caller caller;
    private int connections;
    private @Nullable String lastEvent;
    private int turnsLeft;
    private int turn;
    private @Nullable String canary;
    private @Nullable String lastResponse;
    private Runnable patience = () -> {};
    private boolean gone;

    /** @param over hears, when it has left, how many turns it has not made */
    HostileClient(
            VirtualLoop loop,
            SplittableRandom random,
            StormWatch watch,
            String tenant,
            int session,
            int turns,
            IntConsumer over) {
        this.loop = loop;
        this.random = random;
        this.watch = watch;
        this.tenant = tenant;
        this.session = session;
        this.turnsLeft = turns;
        this.over = over;
        this.leg = connect();
    }

    VirtualLeg leg() {
        return leg;
    }

    /** @param of whose client it is, begun with {@link #leg} */
    void start(TurnSession of, Caller self) {
        live = of;
        caller = self;
        leg.receive(SETTINGS);
        pause(50, this::next);
    }

    private void next() {
        if (gone) {
            return;
        }
        if (turnsLeft-- == 0) {
            leave(random.nextBoolean());
            return;
        }
        watch.turns++;
        String mine = "canary-" + tenant + '-' + session + '-' + ++turn + '.';
        canary = mine;
        watch.awaits(mine, Await.COVER_OR_PLACE);
        patience = loop.after(PATIENCE.toNanos(), () -> {
            throw new AssertionError("no end of " + mine);
        });
        ask(mine);
        act(mine);
    }

    private void ask(String mine) {
        String input = "{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\""
                + mine + "\"}]}";
        boolean band = random.nextInt(4) == 0;
        if (!band) {
            leg.receive("{\"type\":\"conversation.item.create\",\"item\":" + input + "}");
        }
        leg.receive("{\"type\":\"response.create\",\"event_id\":\"" + mine + "\",\"response\":{\"metadata\":{\"who\":\""
                + mine + "\"}" + (band ? ",\"conversation\":\"none\",\"input\":[" + input + "]" : "") + "}}");
    }

    /** Something, or nothing, while the turn runs. */
    private void act(String mine) {
        int choice = random.nextInt(100);
        int when = random.nextInt(3) == 0 ? 400 : 40;
        if (choice < 20) {
            pause(when, () -> cancel(mine));
        } else if (choice < 26) {
            pause(when, () -> {
                if (mine.equals(canary)) {
                    watch.drops++;
                    watch.hit(mine, true);
                    drop();
                }
            });
        } else if (choice < 30) {
            String second = mine + "again";
            refusable.add(second);
            pause(
                    when,
                    () -> leg.receive("{\"type\":\"response.create\",\"event_id\":\"" + second
                            + "\",\"response\":{\"instructions\":\"" + mine + "\",\"metadata\":{\"who\":\"" + second
                            + "\"}}}"));
        }
    }

    private void cancel(String mine) {
        if (gone || !mine.equals(canary)) {
            return;
        }
        watch.cancels++;
        watch.hit(mine, false);
        String id = lastResponse;
        leg.receive("{\"type\":\"response.cancel\",\"event_id\":\"cancel\""
                + (id == null || random.nextInt(4) == 0 ? "" : ",\"response_id\":\"" + id + "\"") + "}");
    }

    private void leave(boolean politely) {
        String left = canary;
        if (left != null) {
            watch.ended(left);
        }
        gone = true;
        patience.run();
        if (politely) {
            leg.close(1000, "");
        } else {
            leg.lose();
        }
        loop.later(() -> over.accept(Math.max(0, turnsLeft)));
    }

    private VirtualLeg connect() {
        Deque<String> inFlight = new ArrayDeque<>();
        int mine = ++connections;
        return new VirtualLeg(loop, text -> {
            inFlight.add(text);
            loop.after(Duration.ofMillis(1).toNanos() * random.nextInt(3), () -> {
                if (mine == connections) { // else it was lost with its connection
                    hear(inFlight.remove());
                }
            });
        });
    }

    /** The connection is lost, or the client thinks so; most often it comes back in time. */
    private void drop() {
        if (random.nextInt(3) > 0) {
            leg.lose();
        }
        connections++;
        int seconds = random.nextInt(34);
        loop.after(Duration.ofSeconds(random.nextInt(3) == 0 ? seconds : 0).toNanos(), this::comeBack);
    }

    private void comeBack() {
        TurnSession mine = live;
        Caller self = caller;
        if (gone || mine == null || self == null) {
            return;
        }
        if (!mine.mayBeResumedBy(self)) {
            leave(false);
            return;
        }
        watch.resumes++;
        String asked = canary;
        boolean unasked = asked != null && leg.hasUnread("\"event_id\":\"" + asked + '"');
        leg = connect();
        mine.resume(new Arrival(leg, false, self, lastEvent));
        if (unasked) {
            end(); // its request went down with the old connection
        }
    }

    private void hear(String text) {
        if (gone) {
            return;
        }
        watch.heardBy(tenant, session, text);
        JsonNode event = Trees.parse(text);
        lastEvent = event.path("event_id").asText();
        if (!heard.add(lastEvent)) {
            throw new AssertionError("heard twice: " + text);
        }
        String type = event.path("type").asText();
        switch (type) {
            case "parley.discontinuity" -> discontinuity();
            case "response.created" -> lastResponse = event.at("/response/id").asText();
            case "response.done" -> done(event.path("response"));
            case "error" -> error(event.path("error"));
            default -> {
                if (ended.contains(event.path("response_id").asText(""))) {
                    throw new AssertionError("after its end: " + text);
                }
            }
        }
    }

    /** What it heard last is too old to be known: the end of its turn may have been lost, or come yet. */
    private void discontinuity() {
        watch.discontinuities++;
        String uncertain = canary;
        if (uncertain != null) {
            refusable.add(uncertain);
            end();
        }
    }

    private void done(JsonNode response) {
        if (!ended.add(response.path("id").asText())) {
            throw new AssertionError("ended twice: " + response);
        }
        String who = response.at("/metadata/who").asText();
        if (who.equals(canary)) {
            if (response.path("status").asText().equals("completed")) {
                watch.completed++;
                if (!response.path("output").toString().contains(who)) {
                    throw new AssertionError("not the answer to " + who + ": " + response);
                }
            }
            end();
        } else if (!refusable.contains(who)) {
            throw new AssertionError("nobody waits for " + response);
        }
    }

    private void error(JsonNode error) {
        String eventId = error.path("event_id").asText();
        if (eventId.equals(canary)) {
            watch.refused(error.path("code").asText());
            end();
        } else if (error.path("code").asText().equals("session_not_found")) {
            leave(false); // it came back too late
        } else if (!eventId.equals("cancel") && !refusable.contains(eventId)) {
            throw new AssertionError("nobody made this mistake: " + error);
        }
    }

    private void end() {
        String mine = canary;
        if (mine != null) {
            watch.ended(mine);
            canary = null;
            patience.run();
            pause(30, this::next);
        }
    }

    private void pause(int millisMax, Runnable work) {
        loop.after(Duration.ofMillis(1).toNanos() * random.nextInt(millisMax), work);
    }
}
