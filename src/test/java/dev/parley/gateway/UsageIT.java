package dev.parley.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.domain.NanoUsd;
import dev.parley.simulator.Booking;
import dev.parley.tenancy.Budget;
import dev.parley.tenancy.BudgetPeriod;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Budgets, and the odd ways of usage, on real sockets. */
class UsageIT {
    private static BrokerRig rig;

    @BeforeAll
    static void start() throws Exception {
        rig = new BrokerRig()
                .tenant("acme")
                .tenant(
                        "poor",
                        tenant -> tenant.withOwn(tenant.own()
                                .with(Budget.ofMoney(Budget.MAIN, NanoUsd.ofUsd("0.02"), BudgetPeriod.TOTAL))))
                .tenant(
                        "strict",
                        tenant -> tenant.withOwn(tenant.own()
                                .with(Budget.ofMoney(Budget.MAIN, NanoUsd.ofUsd("0.0100"), BudgetPeriod.TOTAL))
                                .withCloseOnExhausted(true)));
    }

    @AfterEach
    void quiet() {
        rig.assertQuiet();
    }

    @AfterAll
    static void stop() {
        rig.close();
    }

    @Test
    void nullUsageOfACancelledResponseIsEstimated() throws Exception {
        rig.scriptNext("{\"usage\":\"null\",\"deltaIntervalMillis\":20,\"outputTokens\":400}");
        try (WireClient client = rig.text("acme")) {
            client.say("tell me a lot").send("{\"type\":\"response.create\"}");
            client.await("response.output_text.delta");
            client.send("{\"type\":\"response.cancel\"}");
            String id =
                    client.await("response.done").path("response").path("id").asText();

            assertThat(rig.entry("kind", id)).isEqualTo("estimated");
            assertThat(Long.parseLong(rig.entry("text_out", id))).isPositive();
        }
    }

    @Test
    void zeroUsageOfAFailedResponseIsZero() throws Exception {
        rig.scriptNext("{\"usage\":\"zero\",\"failResponse\":{\"type\":\"server_error\",\"code\":\"server_error\","
                + "\"message\":\"organization org-abcdef123456 and key sk-abcdef123456\"}}");
        try (WireClient client = rig.text("acme")) {
            client.say("hi").send("{\"type\":\"response.create\"}");
            JsonNode done = client.await("response.done").path("response");

            assertThat(done.toString()).doesNotContain("org-abc", "sk-abc").contains("[account]", "[key]");
            assertThat(rig.entry("kind || ' ' || cost_nano", done.path("id").asText()))
                    .isEqualTo("usage 0");
        }
    }

    @Test
    void totalsWithoutDetailsAreBilledAsTheDearestClassThatTheyCanBe() throws Exception {
        rig.scriptNext("{\"usage\":\"noDetails\"}");
        try (WireClient client = rig.text("acme")) {
            assertTotals(client, 16_000);
        }
        rig.scriptNext("{\"usage\":\"noDetails\"}");
        try (WireClient client = rig.connect("acme")) {
            client.await("session.created");
            assertTotals(client, 64_000);
        }
    }

    private static void assertTotals(WireClient client, long perOutputToken) throws Exception {
        client.say("hi").send("{\"type\":\"response.create\"}");
        JsonNode done = client.await("response.done").path("response");
        JsonNode usage = done.path("usage");

        long expected = usage.path("input_tokens").asLong() * 32_000
                + usage.path("output_tokens").asLong() * perOutputToken;
        assertThat(rig.entry("kind || ' ' || cost_nano", done.path("id").asText()))
                .isEqualTo("estimated " + expected);
    }

    @Test
    void aResponseCutOffByTheUpstreamIsEstimatedAndTold() throws Exception {
        rig.scriptNext("{\"resetAfterDeltas\":5,\"outputTokens\":100}");
        try (WireClient client = rig.text("acme")) {
            client.say("hi").send("{\"type\":\"response.create\"}");
            String id =
                    client.await("response.created").path("response").path("id").asText();

            assertThat(client.await("error").path("error").path("code").asText())
                    .isEqualTo("upstream_lost");
            assertThat(client.closeCode()).isEqualTo(1011);
            BrokerRig.eventually("the entry is there", () -> rig.entries("acme") > 0);
            rig.assertQuiet("acme");
            assertThat(rig.entry("kind || ' ' || status", id)).isEqualTo("estimated lost");
        }
    }

    @Test
    void aClientThatLeavesInMidResponsePaysWhatTheProviderSays() throws Exception {
        rig.scriptNext("{\"deltaIntervalMillis\":20,\"outputTokens\":400}");
        String id;
        try (WireClient client = rig.text("acme")) {
            client.say("tell me a lot").send("{\"type\":\"response.create\"}");
            id = client.await("response.created").path("response").path("id").asText();
            client.await("response.output_text.delta");
        }
        rig.assertQuiet("acme");
        Booking booking = rig.simulator().books().find(id).orElseThrow();
        assertThat(booking.status()).isEqualTo("cancelled");
        assertThat(rig.entry("kind || ' ' || status", id)).isEqualTo("usage cancelled");
    }

    @Test
    void anExhaustedBudgetLowersThenRefuses() throws Exception {
        try (WireClient client = rig.text("poor")) {
            boolean refused = false;
            for (int i = 0; i < 60 && !refused; i++) {
                client.say("go on").send("{\"type\":\"response.create\",\"event_id\":\"c" + i + "\"}");
                JsonNode answer = client.await(
                        "done or error",
                        event -> event.path("type").asText().equals("response.done")
                                || event.path("type").asText().equals("error"));
                refused = answer.path("error").path("code").asText().equals("budget_exhausted");
            }
            assertThat(refused).as("the budget ended").isTrue();
            long spent = Long.parseLong(
                    rig.database().query("select sum(cost_nano) from usage_entry where tenant_id = 'poor'"));
            assertThat(spent).as("spent <= limit").isPositive().isLessThanOrEqualTo(20_000_000);
        }
    }

    @Test
    void aStrictTenantsSessionEndsWithItsBudget() throws Exception {
        try (WireClient client = rig.text("strict")) {
            for (int i = 0; i < 60; i++) {
                client.say("go on").send("{\"type\":\"response.create\"}");
            }
            client.await(
                    "error", event -> event.path("error").path("code").asText().equals("budget_exhausted"));
            assertThat(client.closeCode()).isEqualTo(4429);
        }
    }
}
