package dev.parley.turn;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.gateway.BrokerRig;
import dev.parley.gateway.WireClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.LongAdder;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * Nobody hears what was said to another: not another tenant, and no other session of one's own. Two tenants share a broker
 * whose provider delays, says things twice, and goes on after a cancel; clients cancel and leave at any moment. The number
 * of turns is {@code -Dturns}, the seed {@code -Dseed}.
 */
class TurnIsolationIT {
    private static final int TURNS = Integer.getInteger("turns", 600);
    private static final long SEED = Long.getLong("seed", 20_261_121L);
    private static final List<String> TENANTS = List.of("red", "blue");
    private static final int CLIENTS = 12;
    private static final Pattern CANARY = Pattern.compile("canary-\\d+-\\d+-\\d+");

    private final LongAdder turns = new LongAdder();
    private final LongAdder cancels = new LongAdder();
    private final LongAdder leaves = new LongAdder();
    private final LongAdder canaries = new LongAdder();
    private final LongAdder messages = new LongAdder();

    @Test
    void noCanaryCrosses() throws Exception {
        System.out.println("turn isolation: seed " + SEED);
        try (BrokerRig rig = TurnRig.start(TurnRig.limits(4, 8, Duration.ofMillis(300)));
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            TENANTS.forEach(tenant -> TurnRig.inTurnMode(rig, tenant));
            for (String script : List.of(
                    "{\"duplicateEvery\":31,\"deltaIntervalMillis\":1}",
                    "{\"answersAfterCancel\":3,\"deltaIntervalMillis\":1}",
                    "{\"generationDelayMillis\":5,\"duplicateEvery\":53}",
                    "{\"resetAfterDeltas\":40}")) {
                rig.scriptNext(script, TURNS / 20 + 1);
            }
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                int client = i;
                running.add(threads.submit(() -> {
                    SplittableRandom random = new SplittableRandom(SEED + client);
                    int left = TURNS / CLIENTS;
                    for (int session = 0; left > 0; session++) {
                        left -= converse(rig, client, session, Math.min(left, 1 + random.nextInt(8)), random);
                    }
                    return null;
                }));
            }
            for (Future<?> one : running) {
                one.get();
            }
            rig.assertQuiet("red", "blue");
            String strangers = rig.database()
                    .query("select count(*) from (select upstream_session from usage_entry group by upstream_session"
                            + " having count(distinct tenant_id) > 1) as shared");
            assertThat(strangers).as("upstream sessions of two tenants").isEqualTo("0");
            assertThat(canaries.sum()).isPositive();
            System.out.println("turn isolation: " + turns + " turns, " + cancels + " cancels, " + leaves
                    + " left in mid-response, " + messages + " messages, " + canaries
                    + " canaries came back, 0 to anybody else; upstream sessions "
                    + rig.simulator().books().counters().sessionsOpened() + "; seed " + SEED);
        }
    }

    private int converse(BrokerRig rig, int who, int session, int wanted, SplittableRandom random) throws Exception {
        try (WireClient client = rig.text(TENANTS.get(who % TENANTS.size()))) {
            int done = 0;
            boolean leaves = false;
            while (done < wanted && !leaves) {
                leaves = turn(client, "canary-" + who + '-' + session + '-' + done, random);
                done++;
                turns.increment();
            }
            check(client, "canary-" + who + '-' + session + '-');
            return done;
        }
    }

    /** @return whether the client leaves in the middle */
    private boolean turn(WireClient client, String canary, SplittableRandom random) throws Exception {
        boolean band = random.nextInt(4) == 0;
        String input = "{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\""
                + canary + "\"}]}";
        if (!band) {
            client.say(canary);
        }
        client.send(
                "{\"type\":\"response.create\",\"event_id\":\"" + canary + "\",\"response\":{\"metadata\":{\"who\":\""
                        + canary + "\"}" + (band ? ",\"conversation\":\"none\",\"input\":[" + input + "]" : "") + "}}");
        int choice = random.nextInt(10);
        if (choice < 2) {
            client.await("response.created or error", event -> ends(event, "response.created"));
            client.send("{\"type\":\"response.cancel\""
                    + (random.nextBoolean() ? ",\"response_id\":\"resp_stranger\"" : "") + "}");
            cancels.increment();
        } else if (choice == 2) {
            if (random.nextBoolean()) {
                client.await("response.created or error", event -> ends(event, "response.created"));
            }
            leaves.increment();
            return true;
        }
        JsonNode end = client.await("the end of " + canary, event -> isEnd(event, canary));
        if (end.at("/response/status").asText().equals("completed")) {
            assertThat(end.at("/response/output/0/content/0/text").asText()).contains(canary);
        }
        return false;
    }

    private static boolean ends(JsonNode event, String type) {
        return event.path("type").asText().equals(type)
                || event.path("type").asText().equals("error");
    }

    private static boolean isEnd(JsonNode event, String canary) {
        return switch (event.path("type").asText()) {
            case "response.done" -> event.at("/response/metadata/who").asText().equals(canary);
            case "error" -> event.at("/error/event_id").asText().equals(canary);
            default -> false;
        };
    }

    private void check(WireClient client, String mine) {
        for (JsonNode event : client.heard()) {
            messages.increment();
            Matcher found = CANARY.matcher(event.toString());
            while (found.find()) {
                assertThat(found.group()).startsWith(mine);
                canaries.increment();
            }
        }
    }
}
