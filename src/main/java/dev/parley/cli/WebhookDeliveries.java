package dev.parley.cli;

import dev.parley.cli.CommandAudit.Change;
import dev.parley.config.BrokerConfig;
import dev.parley.store.Database;
import dev.parley.store.JdbcDeliveryLog;
import dev.parley.webhook.DeliveryLog.Delivery;
import dev.parley.webhook.WebhookId;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code parley webhook deliveries} and {@code retry}. */
final class WebhookDeliveries {
    private WebhookDeliveries() {}

    /** {@code webhook deliveries}. */
    @Command(
            name = "deliveries",
            mixinStandardHelpOptions = true,
            description = {
                "Lists the newest deliveries: waiting, failing (tried again at its time), delivered, given_up.",
                "Those that have ended are forgotten after 30 days."
            })
    static final class Show extends DatabaseCommand {
        private static final String ROW = "%-8s %-25s %-10s %-28s %8s %-9s %-20s  %s";

        @Option(names = "--webhook", paramLabel = "WEBHOOK", description = "Only of this one.")
        private @Nullable WebhookId webhook;

        @Option(names = "--failed", description = "Only those that failed, or were given up.")
        private boolean failed;

        @Option(
                names = "--limit",
                paramLabel = "N",
                defaultValue = "100",
                description = "How many at most. Default: ${DEFAULT-VALUE}.")
        private int limit = 100;

        @Option(names = "--json", description = "Print a JSON array.")
        private boolean json;

        @Override
        void checkUsage() {
            refuse(limit < 1 ? "--limit is at least 1" : null);
        }

        @Override
        void run(Database database, BrokerConfig settings) {
            List<Delivery> deliveries = new JdbcDeliveryLog(database).list(webhook, failed, limit);
            if (json) {
                JsonArray array = new JsonArray();
                deliveries.forEach(delivery -> array.add(view(delivery)));
                out().println(array.encodePrettily());
                return;
            }
            out().println(ROW.formatted(
                    "DELIVERY", "WEBHOOK", "EVENT", "BUDGET", "ATTEMPTS", "STATE", "NEXT ATTEMPT", "LAST ERROR"));
            deliveries.forEach(delivery -> out().println(ROW.formatted(
                            delivery.id(),
                            delivery.webhook(),
                            delivery.event(),
                            delivery.tenant() + "/" + delivery.budget() + " " + delivery.threshold() + "%",
                            delivery.attempts(),
                            state(delivery),
                            Objects.requireNonNullElse(text(delivery.nextAttemptAt()), "-"),
                            Objects.requireNonNullElse(delivery.lastError(), ""))
                    .stripTrailing()));
        }

        private static JsonObject view(Delivery delivery) {
            return new JsonObject()
                    .put("id", delivery.id())
                    .put("webhook", delivery.webhook().value())
                    .put("event", delivery.event())
                    .put("tenant", delivery.tenant().value())
                    .put("budget", delivery.budget())
                    .put("threshold", delivery.threshold())
                    .put("state", state(delivery))
                    .put("attempts", delivery.attempts())
                    .put("created_at", delivery.createdAt().toString())
                    .put("next_attempt_at", text(delivery.nextAttemptAt()))
                    .put("delivered_at", text(delivery.deliveredAt()))
                    .put("given_up_at", text(delivery.givenUpAt()))
                    .put("last_status", delivery.lastStatus())
                    .put("last_error", delivery.lastError());
        }

        private static String state(Delivery delivery) {
            return delivery.state().name().toLowerCase(Locale.ROOT);
        }

        private static @Nullable String text(@Nullable Instant at) {
            return at == null ? null : at.truncatedTo(ChronoUnit.SECONDS).toString();
        }
    }

    /** {@code webhook retry}. */
    @Command(
            name = "retry",
            mixinStandardHelpOptions = true,
            description = "Has deliveries that were not made, also given-up ones, tried again now, 12 times at most.")
    static final class Retry extends DatabaseCommand {
        @ArgGroup(multiplicity = "1")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private Which which;

        @Override
        Change change(Database database) {
            String of = which.webhook == null ? "delivery/" + which.delivery : "webhook/" + which.webhook;
            return new Change("webhook.retry", of, () -> null);
        }

        /** One of them. */
        private static final class Which {
            @Parameters(paramLabel = "DELIVERY", description = "One, as 'parley webhook deliveries' numbers it.")
            private @Nullable Long delivery;

            @Option(names = "--webhook", paramLabel = "WEBHOOK", description = "All of this webhook.")
            private @Nullable WebhookId webhook;
        }

        @Override
        void run(Database database, BrokerConfig settings) throws CommandFailure {
            JdbcDeliveryLog log = new JdbcDeliveryLog(database);
            if (which.webhook != null) {
                out().println(log.retryAll(which.webhook) + " deliveries are tried again");
                return;
            }
            long delivery = Objects.requireNonNull(which.delivery);
            if (!log.retry(delivery)) {
                throw new CommandFailure("there is no delivery " + delivery
                        + " that was not made: see 'parley webhook deliveries --failed'");
            }
            out().println("delivery " + delivery + " is tried again");
        }
    }
}
