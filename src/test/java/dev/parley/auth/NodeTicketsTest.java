package dev.parley.auth;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.concurrent.ManualTicker;
import dev.parley.domain.ModelName;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import java.time.Duration;
import java.time.Instant;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;

class NodeTicketsTest {
    private static final Instant NOW = Instant.parse("2026-11-21T09:00:00Z");
    private static final Caller ALICE = new Caller(
            new TenantId("acme"),
            new SubjectId("alice"),
            "parley",
            "t1",
            NOW.minusSeconds(60),
            NOW.plusSeconds(600),
            Set.of(new ModelName("gpt-realtime")),
            OptionalInt.of(100));

    private final ManualTicker ticker = new ManualTicker(NOW);
    private final NodeTickets tickets = new NodeTickets(new SecretBox(new byte[32]), ticker);

    @Test
    void speaksForTheCallerWhole() {
        assertThat(tickets.open(tickets.seal(ALICE, "sess_1"), "sess_1")).contains(ALICE);

        Caller plain = new Caller(
                ALICE.tenant(),
                ALICE.subject(),
                "parley",
                null,
                ALICE.issuedAt(),
                ALICE.expiresAt(),
                null,
                OptionalInt.empty());
        assertThat(tickets.open(tickets.seal(plain, "sess_1"), "sess_1")).contains(plain);
    }

    @Test
    void isForOneSessionAndForSomeSeconds() {
        String ticket = tickets.seal(ALICE, "sess_1");

        assertThat(tickets.open(ticket, "sess_2")).isEmpty();
        ticker.advance(Duration.ofSeconds(16));
        assertThat(tickets.open(ticket, "sess_1")).isEmpty();
    }

    @Test
    void cannotBeMadeWithoutTheKeyOrChanged() {
        byte[] other = new byte[32];
        other[0] = 1;
        String forged = new NodeTickets(new SecretBox(other), ticker).seal(ALICE, "sess_1");
        String ticket = tickets.seal(ALICE, "sess_1");

        assertThat(tickets.open(forged, "sess_1")).isEmpty();
        assertThat(tickets.open(ticket.substring(0, ticket.length() - 4) + "AAAA", "sess_1"))
                .isEmpty();
        assertThat(tickets.open("no base64 !", "sess_1")).isEmpty();
        assertThat(tickets.open("", "sess_1")).isEmpty();
    }

    @Test
    void showsNothingOfTheCaller() {
        assertThat(tickets.seal(ALICE, "sess_1")).doesNotContain("alice", "acme");
    }
}
