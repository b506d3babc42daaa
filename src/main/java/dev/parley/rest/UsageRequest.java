package dev.parley.rest;

import dev.parley.auth.Caller;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.domain.SubjectId;
import dev.parley.ledger.UsageBook.Period;
import dev.parley.ledger.UsageBook.Question;
import io.vertx.core.MultiMap;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Reads the query of {@code GET /v1/usage}. Pure. */
final class UsageRequest {
    static final int LINES_MAX = 1_000;
    private static final Duration LONGEST = Duration.ofDays(366);

    private UsageRequest() {}

    /** A question, or why there is none. */
    sealed interface Outcome {
        record Asked(Question question) implements Outcome {}

        record Invalid(Refusal refusal) implements Outcome {}
    }

    /**
     * {@code from}, {@code to} (days, or moments; default: this month), {@code period}, {@code subject}. Who does not speak for
     * the whole tenant sees what its own subject has used.
     */
    static Outcome read(MultiMap parameters, Caller caller, Instant now) {
        Instant from = moment(
                parameters.get("from"),
                now.atOffset(ZoneOffset.UTC).toLocalDate().withDayOfMonth(1));
        Instant to = moment(
                parameters.get("to"), now.atOffset(ZoneOffset.UTC).toLocalDate().plusDays(1));
        if (from == null || to == null) {
            return invalid(
                    from == null ? "from" : "to",
                    "must be a day such as 2026-11-01, or a moment such as 2026-11-01T12:00:00Z.");
        }
        if (!from.isBefore(to) || Duration.between(from, to).compareTo(LONGEST) > 0) {
            return invalid("to", "must lie after 'from', at most " + LONGEST.toDays() + " days.");
        }
        Period period = period(parameters.get("period"));
        if (period == null) {
            return invalid("period", "must be 'hour', 'day' or 'month'.");
        }
        String asked = parameters.get("subject");
        boolean own = asked == null || asked.equals(caller.subject().value());
        if (!own && (asked.isEmpty() || asked.length() > 255)) {
            return invalid("subject", "must have 1 to 255 characters.");
        }
        if (!own && !caller.wholeTenant()) {
            return new Outcome.Invalid(Refusal.of(
                            Kind.FORBIDDEN,
                            "usage_not_allowed",
                            "This token sees its own subject's usage only; the claim \"usage\":\"tenant\" would open the rest.")
                    .param("subject"));
        }
        SubjectId subject = asked == null ? (caller.wholeTenant() ? null : caller.subject()) : new SubjectId(asked);
        return new Outcome.Asked(new Question(caller.tenant(), subject, from, to, period, LINES_MAX + 1));
    }

    private static @Nullable Instant moment(@Nullable String text, LocalDate otherwise) {
        if (text == null) {
            return otherwise.atStartOfDay().toInstant(ZoneOffset.UTC);
        }
        try {
            return text.length() == "2026-11-01".length()
                    ? LocalDate.parse(text).atStartOfDay().toInstant(ZoneOffset.UTC)
                    : Instant.parse(text);
        } catch (DateTimeException notATime) {
            return null;
        }
    }

    private static @Nullable Period period(@Nullable String text) {
        return text == null
                ? Period.DAY
                : Arrays.stream(Period.values())
                        .filter(period -> period.name().toLowerCase(Locale.ROOT).equals(text))
                        .findFirst()
                        .orElse(null);
    }

    private static Outcome invalid(String param, String rule) {
        return new Outcome.Invalid(Refusal.of(Kind.BAD_REQUEST, "invalid_value", "'" + param + "' " + rule)
                .param(param));
    }
}
