package dev.parley.turn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.protocol.EventType;
import dev.parley.relay.Delivery;
import dev.parley.session.FakeLeg;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The order in which a client hears things. */
class OutboxTest {
    private final FakeLeg client = new FakeLeg();
    private final List<String> overflows = new ArrayList<>();
    private final Outbox outbox = new Outbox((_, utf8) -> client.send(utf8), 8, () -> overflows.add("overflow"));

    @Test
    void whatWaitsForItsLedgerEntryHoldsBackWhatIsBehindIt() {
        Promise<Delivery> commit = Promise.promise();
        outbox.send(EventType.UNKNOWN, Buffer.buffer("1"));
        outbox.sendWhen(EventType.RESPONSE_DONE, commit.future());
        outbox.send(EventType.UNKNOWN, Buffer.buffer("3"));
        outbox.then(() -> client.send(Buffer.buffer("4")));
        assertThat(client.written()).containsExactly("1");
        commit.complete(Delivery.replaced(Buffer.buffer("2")));
        assertThat(client.written()).containsExactly("1", "2", "3", "4");
        outbox.send(EventType.UNKNOWN, Buffer.buffer("5"));
        assertThat(client.written()).endsWith("5");
    }

    @Test
    void whatIsNotCommittedIsLeftOut() {
        Promise<Delivery> commit = Promise.promise();
        outbox.sendWhen(EventType.RESPONSE_DONE, commit.future());
        outbox.send(EventType.UNKNOWN, Buffer.buffer("2"));
        commit.complete(Delivery.dropped());
        assertThat(client.written()).containsExactly("2");
    }

    @Test
    void twoCommitsAreToldInTheOrderOfTheirEvents() {
        Promise<Delivery> first = Promise.promise();
        Promise<Delivery> second = Promise.promise();
        outbox.sendWhen(EventType.RESPONSE_DONE, first.future());
        outbox.sendWhen(EventType.RESPONSE_DONE, second.future());
        second.complete(Delivery.replaced(Buffer.buffer("2")));
        assertThat(client.written()).isEmpty();
        first.complete(Delivery.replaced(Buffer.buffer("1")));
        assertThat(client.written()).containsExactly("1", "2");
    }

    @Test
    void moreThanItHoldsIsSaid() {
        outbox.sendWhen(EventType.RESPONSE_DONE, Promise.<Delivery>promise().future());
        outbox.send(EventType.UNKNOWN, Buffer.buffer("12345678"));
        outbox.send(EventType.UNKNOWN, Buffer.buffer("9"));
        assertThat(overflows).isEmpty();
        outbox.send(EventType.UNKNOWN, Buffer.buffer("10"));
        assertThat(overflows).containsExactly("overflow");
    }

    @Test
    void oneLargeEventIsNotTooMuch() {
        Promise<Delivery> commit = Promise.promise();
        outbox.sendWhen(EventType.RESPONSE_DONE, commit.future());
        outbox.send(EventType.UNKNOWN, Buffer.buffer("an item with all its audio"));
        assertThat(overflows).isEmpty();
        commit.complete(Delivery.dropped());
        assertThat(client.written()).containsExactly("an item with all its audio");
    }
}
