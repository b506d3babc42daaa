package dev.parley.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.concurrent.Eventually;
import dev.parley.store.JdbcDeliveries;
import dev.parley.store.JdbcDeliveryLog;
import dev.parley.store.TestDatabase;
import dev.parley.webhook.DeliveryLog.Delivery;
import dev.parley.webhook.DeliveryLog.State;
import dev.parley.webhook.DeliveryStore.Due;
import io.vertx.core.http.HttpServerRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Deliveries on a real Postgres to a real socket. */
class WebhookDeliveryIT {
    private static final TestDatabase DB = TestDatabase.create();
    private static final Duration LEASE = Deliverer.LEASE;

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    static Path folder;

    @SuppressWarnings("NullAway.Init") // set before each test
    private DeliveryRig rig;

    private final JdbcDeliveryLog log = new JdbcDeliveryLog(DB.database());

    @BeforeEach
    void open() {
        rig = new DeliveryRig(DB, folder);
    }

    @AfterEach
    void closeRig() {
        rig.close();
    }

    @AfterAll
    static void close() {
        DB.close();
    }

    @Test
    void tellsWhatHappenedInASignedMessageAndKeepsTheSecretEncrypted() {
        SigningSecret secret = SigningSecret.random();
        WebhookId webhook = rig.webhook(secret);
        rig.event("acme", 80);
        Deliverer node = rig.node();

        rig.roundsUntil("delivered", node, () -> node.delivered() == 1);

        Receiver.Received request = rig.receiver.received().getFirst();
        assertThat(request.isSignedWith(secret.reveal())).isTrue();
        assertThat(request.isSignedWith(SigningSecret.random().reveal())).isFalse();
        assertThat(request.contentType()).isEqualTo("application/json");
        assertThat(request.query()).isEqualTo("token=hidden");
        String event = "evt_" + rig.query("select id from budget_event");
        assertThat(request.id()).isEqualTo(event);
        assertThat(request.body())
                .isEqualTo("{\"id\":\"" + event + "\",\"type\":\"budget.threshold_reached\","
                        + "\"created_at\":\"2026-11-21T08:30:00.125Z\",\"data\":{\"tenant\":\"acme\",\"budget\":\"main\","
                        + "\"unit\":\"money\",\"period\":\"day\",\"subject\":null,\"threshold\":80,"
                        + "\"spent\":4611686018427387905,\"amount\":9007199254740993,\"hard\":true,"
                        + "\"window_start\":\"2026-11-21T00:00:00Z\",\"window_end\":\"2026-11-22T00:00:00Z\"}}");
        Delivery delivery = log.list(webhook, false, 10).getFirst();
        assertThat(delivery.state()).isEqualTo(State.DELIVERED);
        assertThat(delivery.lastStatus()).isEqualTo(204);
        assertThat(rig.query("select webhook::text from webhook"))
                .doesNotContain(secret.reveal().substring(6));
        assertThat(rig.query(
                        "select (position(decode('" + java.util.HexFormat.of().formatHex(secret.key())
                                + "', 'hex') in secret) = 0)::text from webhook"))
                .isEqualTo("true");
        assertThat(secret.toString()).isEqualTo("SigningSecret[****]");
    }

    @Test
    void aReceiverThatFailsIsToldAgainUntilItTakesIt() {
        SigningSecret secret = SigningSecret.random();
        WebhookId webhook = rig.webhook(secret);
        rig.event("acme", 50);
        Deliverer node = rig.node();
        rig.receiver.answer(Receiver.status(500));
        for (int attempt = 1; attempt <= 3; attempt++) {
            int failures = attempt;
            rig.roundsUntil("a try failed", node, () -> node.failed() == failures);
            node.round();
            assertThat(rig.receiver.received()).as("not before its time").hasSize(attempt);
            assertThat(log.list(webhook, true, 10).getFirst().lastError()).isEqualTo("the receiver answered 500");
            assertThat(rig.webhooks.list().getFirst().failures()).isEqualTo(attempt);
            rig.turnToNextAttempt();
        }

        rig.receiver.answer(Receiver.status(200));
        rig.roundsUntil("delivered", node, () -> node.delivered() == 1);

        assertThat(rig.receiver.received()).hasSize(4).allMatch(request -> request.isSignedWith(secret.reveal()));
        assertThat(rig.receiver.received().stream().map(Receiver.Received::id).distinct())
                .hasSize(1);
        assertThat(rig.webhooks.list().getFirst().failures()).isZero();
        assertThat(log.list(webhook, true, 10)).isEmpty();
        assertThat(node.waiting()).isZero();
    }

    @Test
    void aDeliveryIsGivenUpAfterTwelveTriesAndCanBeTriedAgainByHand() {
        WebhookId webhook = rig.webhook(SigningSecret.random());
        rig.event("acme", 50);
        Deliverer node = rig.node();
        rig.receiver.answer(Receiver.status(410));

        rig.roundsUntil("given up", node, () -> {
            rig.turnToNextAttempt();
            return node.givenUp() == 1;
        });

        assertThat(rig.receiver.received()).hasSize(12);
        Delivery delivery = log.list(webhook, true, 10).getFirst();
        assertThat(delivery.state()).isEqualTo(State.GIVEN_UP);
        assertThat(node.waiting()).isZero();
        rig.receiver.answer(Receiver.status(200));
        assertThat(log.retry(delivery.id())).isTrue();
        rig.roundsUntil("delivered", node, () -> node.delivered() == 1);
        assertThat(log.retry(delivery.id())).as("it was made").isFalse();
    }

    @Test
    void whatAKilledNodeWasDeliveringIsDeliveredByAnother() {
        rig.webhook(SigningSecret.random());
        rig.event("acme", 50);
        rig.event("acme", 80);
        Due held = rig.deliveries.take(10, LEASE).getFirst();
        Deliverer other = rig.node();

        other.round();
        assertThat(rig.receiver.received())
                .as("one delivery at a time, and it is under way")
                .isEmpty();
        rig.turnToEndOfLeases();
        rig.roundsUntil("both delivered", other, () -> other.delivered() == 2);

        assertThat(rig.receiver.received().getFirst().id())
                .isEqualTo(held.message().id());
        rig.deliveries.finish(held, Answer.none("it was only slow"), Duration.ofHours(1));
        assertThat(rig.query(
                        "select count(*) from webhook_delivery where delivered_at is not null and last_error is null"))
                .as("who comes too late changes nothing")
                .isEqualTo("2");
    }

    @Test
    void aSuccessThatIsToldLateCountsAndAFailureDoesNot() {
        rig.webhook(SigningSecret.random());
        rig.event("acme", 50);
        Due slow = rig.deliveries.take(10, LEASE).getFirst();
        rig.turnToEndOfLeases();
        Due second = rig.deliveries.take(10, LEASE).getFirst();
        assertThat(second.attempt()).isEqualTo(2);

        rig.deliveries.finish(slow, Answer.ofStatus(500), null);
        assertThat(rig.query("select (given_up_at is null and last_status is null)::text from webhook_delivery"))
                .isEqualTo("true");
        rig.deliveries.finish(slow, Answer.ofStatus(200), null);
        rig.deliveries.finish(second, Answer.ofStatus(503), Duration.ofSeconds(10));

        assertThat(rig.query("select last_status || ' ' || (delivered_at is not null) from webhook_delivery"))
                .isEqualTo("200 true");
    }

    @Test
    void aReceiverThatNeverAnswersHoldsUpNobodyElse() {
        Receiver dead = rig.anotherReceiver();
        dead.answer(_ -> {});
        rig.webhook(null, dead.url());
        rig.webhook(SigningSecret.random());
        for (int i = 1; i <= 5; i++) {
            rig.event("acme", i);
        }
        Deliverer node = rig.node();

        rig.roundsUntil("five delivered", node, () -> node.delivered() == 5);

        assertThat(dead.received()).as("one at a time").hasSize(1);
        assertThat(rig.receiver.received().stream()
                        .map(request -> request.json().getJsonObject("data").getInteger("threshold")))
                .containsExactly(1, 2, 3, 4, 5);
    }

    @Test
    void nodesTogetherDeliverEachOnceAndOneAtATime() {
        Queue<HttpServerRequest> open = new ConcurrentLinkedQueue<>();
        rig.receiver.answer(open::add);
        rig.webhook(SigningSecret.random());
        for (int i = 1; i <= 6; i++) {
            rig.event("acme", i);
        }
        List<Deliverer> nodes = List.of(rig.node(), rig.node(), rig.node());
        for (int i = 1; i <= 6; i++) {
            int arrived = i;
            Eventually.holds("a request", () -> {
                nodes.forEach(Deliverer::round);
                return rig.receiver.received().size() == arrived;
            });
            nodes.forEach(Deliverer::round);
            assertThat(open).as("requests at once").hasSize(1);
            open.remove().response().end();
        }
        Eventually.holds("all delivered", () -> {
            nodes.forEach(Deliverer::round);
            return nodes.stream().mapToLong(Deliverer::delivered).sum() == 6;
        });
        assertThat(rig.receiver.received().stream().map(Receiver.Received::id).distinct())
                .hasSize(6);
    }

    @Test
    void aWebhookHearsOfItsOwnTenantAndADisabledOneOfNothing() {
        WebhookId acme = rig.webhook("acme", rig.receiver.url());
        WebhookId disabled = rig.webhook(null, rig.receiver.url());
        rig.webhooks.disable(disabled);
        rig.event("acme", 50);
        rig.event("globex", 50);
        Deliverer node = rig.node();

        rig.roundsUntil("delivered", node, () -> node.delivered() == 1 && node.waiting() == 0);

        assertThat(log.list(null, false, 10))
                .hasSize(1)
                .allMatch(one -> one.webhook().equals(acme));
        assertThat(rig.receiver
                        .received()
                        .getFirst()
                        .json()
                        .getJsonObject("data")
                        .getString("tenant"))
                .isEqualTo("acme");
    }

    @Test
    void redirectsAreNotFollowedAndAddressesInsideAreRefused() {
        Receiver inside = rig.anotherReceiver();
        rig.receiver.answer(request -> request.response()
                .setStatusCode(303) // the one that clients like to follow after a POST
                .putHeader("Location", inside.url().uri().toString())
                .end());
        WebhookId redirecting = rig.webhook(SigningSecret.random());
        WebhookId metadata = rig.webhook(null, WebhookUrl.of("https://169.254.169.254/latest?token=hidden"));
        WebhookId plain = rig.webhook(null, WebhookUrl.of("http://93.184.216.34/?token=hidden"));
        rig.event("acme", 50);
        Deliverer node = rig.node();

        rig.roundsUntil("all tried", node, () -> node.failed() == 3);

        assertThat(inside.received()).isEmpty();
        assertThat(error(redirecting)).isEqualTo("the receiver answered 303");
        assertThat(error(metadata)).isEqualTo("the host is not at a public address");
        assertThat(error(plain)).isEqualTo("this host is reached over https only");
    }

    @Test
    void anotherMasterKeyFailsOnlyTheWebhooksThatItCannotOpen(@TempDir Path other) {
        rig.webhook(SigningSecret.random());
        new dev.parley.store.JdbcWebhooks(DB.database(), DeliveryRig.box(other))
                .add(null, rig.receiver.url(), SigningSecret.random());
        rig.event("acme", 50);
        Deliverer node = rig.node(new JdbcDeliveries(DB.database(), rig.box));

        rig.roundsUntil("one each", node, () -> node.delivered() == 1 && node.failed() == 1);

        assertThat(log.list(null, true, 10).getFirst().lastError())
                .isEqualTo("the webhook's secret cannot be decrypted");
    }

    private String error(WebhookId webhook) {
        return String.valueOf(log.list(webhook, true, 1).getFirst().lastError());
    }
}
