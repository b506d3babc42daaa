package dev.parley.cli;

import io.vertx.core.json.JsonObject;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** How a usage entry is written down for somebody else's billing; its id is the key by which they know a repetition. */
enum ExportFormat {
    /** RFC 4180, with a header. */
    CSV {
        @Override
        String line(Map<String, @Nullable Object> entry) {
            return entry.values().stream().map(ExportFormat::field).collect(Collectors.joining(","));
        }

        @Override
        @Nullable
        String header(Map<String, @Nullable Object> entry) {
            return String.join(",", entry.keySet());
        }
    },
    /** One JSON object a line, with the columns of {@code billing.usage}. */
    JSONL {
        @Override
        String line(Map<String, @Nullable Object> entry) {
            return json(entry).encode();
        }
    },
    /** CloudEvents 1.0, as OpenMeter takes them: it knows a repetition by source and id. */
    CLOUDEVENTS {
        @Override
        String line(Map<String, @Nullable Object> entry) {
            return new JsonObject()
                    .put("specversion", "1.0")
                    .put("id", text(entry, "entry_id"))
                    .put("source", "parley")
                    .put("type", "parley.usage")
                    .put("subject", text(entry, "tenant_id"))
                    .put("time", text(entry, "event_time"))
                    .put("datacontenttype", "application/json")
                    .put("data", json(entry))
                    .encode();
        }
    },
    /** Stripe meter events: the tenant's id stands for the customer's, the value is nano-dollars. */
    STRIPE {
        @Override
        String line(Map<String, @Nullable Object> entry) {
            return new JsonObject()
                    .put("event_name", "parley_usage")
                    .put("identifier", text(entry, "entry_id"))
                    .put("timestamp", seconds(entry))
                    .put(
                            "payload",
                            new JsonObject()
                                    .put("stripe_customer_id", text(entry, "tenant_id"))
                                    .put("value", text(entry, "cost_nano")))
                    .encode();
        }
    },
    /** Lago events: the tenant's id stands for the subscription's. */
    LAGO {
        @Override
        String line(Map<String, @Nullable Object> entry) {
            JsonObject event = new JsonObject()
                    .put("transaction_id", text(entry, "entry_id"))
                    .put("external_subscription_id", text(entry, "tenant_id"))
                    .put("code", "parley_usage")
                    .put("timestamp", seconds(entry))
                    .put(
                            "precise_total_amount_cents",
                            new BigDecimal(text(entry, "cost_nano"))
                                    .movePointLeft(NANO_PER_CENT_DIGITS)
                                    .toPlainString())
                    .put("properties", json(entry));
            return new JsonObject().put("event", event).encode();
        }
    };

    private static final int NANO_PER_CENT_DIGITS = 7;

    abstract String line(Map<String, @Nullable Object> entry);

    /** The line before all others, if there is one. */
    @Nullable
    String header(Map<String, @Nullable Object> entry) {
        return null;
    }

    private static String text(Map<String, @Nullable Object> entry, String column) {
        return String.valueOf(Objects.requireNonNull(entry.get(column)));
    }

    private static long seconds(Map<String, @Nullable Object> entry) {
        return Instant.parse(text(entry, "event_time")).getEpochSecond();
    }

    private static JsonObject json(Map<String, @Nullable Object> entry) {
        JsonObject json = new JsonObject();
        entry.forEach((name, value) -> json.put(name, value instanceof Number || value == null ? value : value + ""));
        return json;
    }

    private static String field(@Nullable Object value) {
        String text = value == null ? "" : value.toString();
        boolean plain = text.chars().noneMatch(at -> at == ',' || at == '"' || at == '\n' || at == '\r');
        return plain ? text : '"' + text.replace("\"", "\"\"") + '"';
    }
}
