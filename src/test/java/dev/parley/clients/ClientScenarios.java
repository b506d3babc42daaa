package dev.parley.clients;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.clients.Scenario.Cell;
import dev.parley.domain.TenantId;
import dev.parley.gateway.BrokerRig;
import dev.parley.simulator.Booking;
import dev.parley.tenancy.LimitName;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What one client is put through, unmodified, against a whole broker on the simulator: a row of the table. */
abstract class ClientScenarios {
    private static final int RESUME_WINDOW_SECONDS = 30;

    private static int tenants;

    private final BrokerRig rig = OpenAiClientsIT.rig();
    private final String tenant = "tenant-" + ++tenants;
    private Set<Long> before = Set.of();

    @BeforeEach
    final void newTenant() {
        rig.tenant(tenant);
        rig.simulator().scripts().clear();
        before = rig.simulator().books().all().stream().map(Booking::sequence).collect(Collectors.toSet());
    }

    @Test
    @Cell(Scenario.TEXT)
    final void holdsATextConversation() throws Exception {
        text();
    }

    @Test
    @Cell(Scenario.AUDIO)
    final void holdsASpokenConversation() throws Exception {
        audio();
    }

    @Test
    @Cell(Scenario.FUNCTION)
    final void callsAFunction() throws Exception {
        function();
    }

    @Test
    @Cell(Scenario.INTERRUPTION)
    final void interruptsAnAnswer() throws Exception {
        rig.script("{\"outputTokens\":600,\"deltaIntervalMillis\":20}");
        interruption();
    }

    @Test
    @Cell(Scenario.TRANSCRIPTION)
    final void transcribes() throws Exception {
        transcription();
    }

    /** With a secret that the client has made itself. */
    @Test
    @Cell(Scenario.SECRETS)
    final void connectsWithASecret() throws Exception {
        secrets();
    }

    /** In the middle of an answer. */
    @Test
    @Cell(Scenario.RESUME)
    final void comesBackToItsSession() throws Exception {
        rig.tenants()
                .change(
                        new TenantId(tenant),
                        made -> made.withOwn(made.own().with(LimitName.RESUME_WINDOW_SECONDS, RESUME_WINDOW_SECONDS)));
        rig.script("{\"outputTokens\":50,\"deltaIntervalMillis\":2}");
        resume();
    }

    abstract void text() throws Exception;

    abstract void audio() throws Exception;

    abstract void function() throws Exception;

    abstract void interruption() throws Exception;

    abstract void transcription() throws Exception;

    abstract void secrets() throws Exception;

    abstract void resume() throws Exception;

    final BrokerRig rig() {
        return rig;
    }

    final String tenant() {
        return tenant;
    }

    /** What the simulator billed in this test. */
    final List<Booking> billed() {
        return rig.simulator().books().all().stream()
                .filter(booking -> !before.contains(booking.sequence()))
                .toList();
    }

    /** Nothing is left of the client, and the ledger has what the provider billed. */
    final void assertSettled() {
        rig.assertQuiet(tenant);
        LedgerRows.assertEqualTo(billed(), rig, tenant);
    }

    static List<String> texts(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false)
                .map(JsonNode::asText)
                .toList();
    }
}
