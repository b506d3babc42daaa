package dev.parley.invariants;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.gateway.BrokerRig;
import dev.parley.gateway.WireClient;
import dev.parley.simulator.Booking;
import dev.parley.simulator.Script;
import dev.parley.simulator.Usage;
import dev.parley.tenancy.LimitName;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/**
 * Invariant 2: every response that completed upstream and that the client saw is in the ledger exactly once, with the
 * provider's figures; nothing else is.
 */
class LedgerEqualsBooksIT {
    private static final long SEED = 20_261_121;
    private static final int TENANTS = 6;
    private static final int SESSIONS_EACH = 10;
    private static final int TURNS_EACH = 4;
    private static final List<String> SCRIPTS = List.of(
            "{}",
            "{\"cachedTokens\":64,\"reasoningTokens\":5}",
            "{\"outputTokens\":200,\"deltaIntervalMillis\":2}",
            "{\"resetAfterDeltas\":9}",
            "{\"resetBeforeDone\":true}",
            "{\"closeAfterResponses\":2}",
            "{\"sessionMaxMillis\":300,\"outputTokens\":200,\"deltaIntervalMillis\":2}",
            "{\"refuseResponse\":{\"type\":\"invalid_request_error\",\"code\":\"x\",\"message\":\"no\"}}",
            "{\"failResponse\":{\"type\":\"server_error\",\"code\":\"server_error\",\"message\":\"no\",\"afterDeltas\":2}}");

    /** One row of the ledger. */
    private record Row(String kind, long input, long output) {}

    private final Set<String> seen = new ConcurrentSkipListSet<>();
    private final AtomicInteger replaced = new AtomicInteger();

    @Test
    void holdsUnderRandomTurnsCancelsLeavesAndResets() throws Exception {
        try (BrokerRig rig = new BrokerRig();
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < TENANTS; i++) {
                String tenant = "tenant-" + i;
                if (i % 2 == 0) {
                    rig.tenant(tenant);
                } else {
                    rig.tenant(tenant, own -> own.withOwn(own.own().with(LimitName.UPSTREAM_REPLACEMENTS_MAX, 3)));
                }
                SplittableRandom random = new SplittableRandom(SEED + i);
                running.add(threads.submit(() -> {
                    for (int session = 0; session < SESSIONS_EACH; session++) {
                        converse(rig, tenant, random);
                    }
                    return null;
                }));
            }
            for (Future<?> one : running) {
                one.get();
            }
            rig.assertQuiet();
            check(rig);
        }
    }

    private void converse(BrokerRig rig, String tenant, SplittableRandom random) throws Exception {
        rig.simulator().scripts().next(1, Script.parse(SCRIPTS.get(random.nextInt(SCRIPTS.size()))));
        try (WireClient client = rig.text(tenant)) {
            Optional<JsonNode> answer = Optional.of(client.heard().getFirst());
            for (int turn = 0; turn < TURNS_EACH && answer.isPresent(); turn++) {
                client.say("turn " + turn).send("{\"type\":\"response.create\"}");
                if (random.nextInt(4) == 0) {
                    client.send("{\"type\":\"response.cancel\"}");
                }
                if (random.nextInt(6) == 0) {
                    break;
                }
                answer = client.awaitOrEnd(event -> Set.of("response.done", "error")
                        .contains(event.path("type").asText()));
            }
            replaced.addAndGet((int) client.types().stream()
                    .filter("parley.upstream_replaced"::equals)
                    .count());
            client.heard().stream()
                    .filter(event -> event.path("type").asText().equals("response.done"))
                    .forEach(done -> assertThat(
                                    seen.add(done.path("response").path("id").asText()))
                            .as("told once")
                            .isTrue());
        }
    }

    private void check(BrokerRig rig) {
        Map<String, Booking> booked = new TreeMap<>();
        rig.simulator().books().responses().forEach(booking -> booked.put(booking.id(), booking));
        Map<String, List<Row>> ledger = ledger(rig);
        long figures = 0;
        for (Map.Entry<String, List<Row>> row : ledger.entrySet()) {
            assertThat(row.getValue()).as("rows of " + row.getKey()).hasSize(1);
            assertThat(booked).as("nothing invented").containsKey(row.getKey());
            if (row.getValue().getFirst().kind().equals("usage")) {
                Usage usage = Objects.requireNonNull(booked.get(row.getKey())).usage();
                Row figure = row.getValue().getFirst();
                assertThat(figure.input())
                        .isEqualTo(usage.input().text() + usage.input().audio());
                assertThat(figure.output())
                        .isEqualTo(usage.output().text() + usage.output().audio());
                figures++;
            }
        }
        assertThat(ledger.keySet()).as("nothing lost").containsAll(seen);
        assertThat(ledger.keySet()).as("whatever began is in the ledger").containsAll(booked.keySet());
        assertThat(seen).isNotEmpty();
        assertThat(replaced.get()).as("sessions went on with another upstream").isPositive();
        System.out.println("invariant 2: " + seen.size() + " responses seen complete, " + ledger.size()
                + " rows, once each; " + booked.size() + " booked by the provider; " + figures
                + " rows with the provider's own figures, all equal; " + replaced.get()
                + " times a session went on with another upstream; seed " + SEED);
    }

    private static Map<String, List<Row>> ledger(BrokerRig rig) {
        return rig.database().database().withConnection("read the ledger", connection -> {
            Map<String, List<Row>> rows = new TreeMap<>();
            try (Statement statement = connection.createStatement();
                    ResultSet found = statement.executeQuery("select reference, kind, text_in + audio_in as input,"
                            + " text_out + audio_out as output from usage_entry where work = 'response'")) {
                while (found.next()) {
                    rows.computeIfAbsent(found.getString("reference"), _ -> new ArrayList<>())
                            .add(new Row(found.getString("kind"), found.getLong("input"), found.getLong("output")));
                }
            }
            return rows;
        });
    }
}
