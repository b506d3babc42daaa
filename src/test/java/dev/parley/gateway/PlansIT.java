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
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What a plan says, as a live session meets it. */
class PlansIT {
    private static final PlanId TEAM = new PlanId("team");
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
            JsonNode refused = refusal(client);
            assertThat(refused.path("type").asText()).isEqualTo("rate_limit_error");
            assertThat(refused.path("message").asText()).contains("0 responses each minute");

            change(plan -> plan.without(LimitName.RESPONSES_PER_MINUTE));
            BrokerRig.eventually("it is let through again", () -> answered(client));
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

    /** Asks again until the session has heard of the change. */
    private static JsonNode refusal(WireClient client) throws Exception {
        while (true) {
            JsonNode answer = answer(client);
            if (answer.path("type").asText().equals("error")) {
                return answer.path("error");
            }
        }
    }

    private static boolean answered(WireClient client) {
        try {
            return answer(client).path("type").asText().equals("response.done");
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static JsonNode answer(WireClient client) throws Exception {
        client.say("again").send("{\"type\":\"response.create\"}");
        return client.await(
                "an answer",
                event -> event.path("type").asText().equals("error")
                        || event.path("type").asText().equals("response.done"));
    }
}
