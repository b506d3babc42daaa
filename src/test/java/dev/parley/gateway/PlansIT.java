package dev.parley.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.domain.NanoUsd;
import dev.parley.store.JdbcPlans;
import dev.parley.tenancy.Budget;
import dev.parley.tenancy.BudgetPeriod;
import dev.parley.tenancy.LimitName;
import dev.parley.tenancy.Plan;
import dev.parley.tenancy.PlanId;
import dev.parley.tenancy.Settings;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What a plan says, as a live session meets it. */
class PlansIT {
    private static final PlanId TEAM = new PlanId("team");
    private static final Set<String> ANSWERS = Set.of("error", "response.done");
    private static final int ASKS = 200;
    private static final Duration BETWEEN_ASKS = Duration.ofMillis(50);

    private static BrokerRig rig;
    private static JdbcPlans plans;

    @BeforeAll
    static void start() throws Exception {
        rig = new BrokerRig();
        plans = new JdbcPlans(rig.database().database());
        plans.create(new Plan(TEAM, "Team", Settings.NONE.with(LimitName.RESPONSES_PER_MINUTE, 1_000)));
        rig.tenant("acme", tenant -> tenant.withPlan(TEAM));
        rig.tenant(
                "frugal",
                tenant -> tenant.withPlan(TEAM)
                        .withOwn(tenant.own().with(Budget.ofMoney("today", NanoUsd.ofUsd("0.001"), BudgetPeriod.DAY))));
    }

    @AfterAll
    static void stop() {
        rig.close();
    }

    @Test
    void aChangeOfThePlanActsOnALiveSession() throws Exception {
        try (WireClient client = rig.text("acme")) {
            client.say("hi").send("{\"type\":\"response.create\"}");
            client.await("response.done");
            JsonNode limits = client.await("rate_limits.updated");
            assertThat(limits.at("/rate_limits/0/name").asText()).isEqualTo("requests");
            assertThat(limits.at("/rate_limits/0/limit").asInt()).isEqualTo(1_000);
            assertThat(limits.at("/rate_limits/0/remaining").asInt()).isBetween(900, 999);

            change(plan -> plan.with(LimitName.RESPONSES_PER_MINUTE, 0));
            JsonNode refused = answered(client, "error").path("error");
            assertThat(refused.path("type").asText()).isEqualTo("rate_limit_error");
            assertThat(refused.path("message").asText()).contains("0 responses each minute");

            change(plan -> plan.without(LimitName.RESPONSES_PER_MINUTE));
            answered(client, "response.done");
        }
        rig.assertQuiet("acme");
    }

    @Test
    void theRefusalNamesTheTightestOfSeveralBudgets() throws Exception {
        try (WireClient client = rig.text("frugal")) {
            client.say("hi").send("{\"type\":\"response.create\"}");
            JsonNode error = client.await("error").path("error");

            assertThat(error.path("type").asText()).isEqualTo("insufficient_quota");
            assertThat(error.path("code").asText()).isEqualTo("budget_exhausted");
            assertThat(error.path("message").asText())
                    .contains("budget 'today' of tenant 'frugal' is $0.001 each day")
                    .contains("it renews at ");
        }
        rig.assertQuiet("frugal");
    }

    private static void change(UnaryOperator<Settings> change) {
        plans.change(TEAM, old -> new Plan(old.id(), old.name(), change.apply(old.settings())));
    }

    /** Asks again until the answer is of this type: until the session has heard of the change. */
    private static JsonNode answered(WireClient client, String type) throws Exception {
        for (int asks = 0; asks < ASKS; asks++) {
            client.say("again").send("{\"type\":\"response.create\"}");
            JsonNode answer = client.await(
                    "an answer", event -> ANSWERS.contains(event.path("type").asText()));
            if (answer.path("type").asText().equals(type)) {
                return answer;
            }
            // Without a pause the relay would take the client for a flood.
            LockSupport.parkNanos(BETWEEN_ASKS.toNanos());
        }
        throw new AssertionError(ASKS + " times asked, and never answered by " + type);
    }
}
