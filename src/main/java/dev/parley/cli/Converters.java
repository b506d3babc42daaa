package dev.parley.cli;

import dev.parley.config.AccountConfig.Profile;
import dev.parley.config.Units;
import dev.parley.domain.ModelName;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import dev.parley.tenancy.Origin;
import dev.parley.tenancy.PlanId;
import dev.parley.webhook.WebhookId;
import dev.parley.webhook.WebhookUrl;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** From an option's text to a value; what is wrong with it is said in the value's own words. */
final class Converters {
    private Converters() {}

    static CommandLine register(CommandLine command) {
        return command.registerConverter(TenantId.class, of(TenantId::new))
                .registerConverter(PlanId.class, of(PlanId::new))
                .registerConverter(SubjectId.class, of(SubjectId::new))
                .registerConverter(ModelName.class, of(ModelName::new))
                .registerConverter(Origin.class, of(Converters::origin))
                .registerConverter(WebhookId.class, of(WebhookId::new))
                .registerConverter(WebhookUrl.class, of(WebhookUrl::of))
                .registerConverter(NanoUsd.class, of(Converters::usd))
                .registerConverter(Profile.class, of(Converters::profile))
                .registerConverter(Duration.class, of(Converters::duration))
                .registerConverter(Instant.class, of(Converters::instant));
    }

    private static Origin origin(String text) {
        try {
            return new Origin(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("'" + text + "' " + e.getMessage(), e);
        }
    }

    private static Profile profile(String text) {
        return Arrays.stream(Profile.values())
                .filter(profile -> profile.name().equalsIgnoreCase(text))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("a profile is openai, azure or compatible"));
    }

    private static <T> ITypeConverter<T> of(Function<String, T> parse) {
        return text -> {
            try {
                return parse.apply(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        };
    }

    private static Duration duration(String text) {
        try {
            return Units.duration(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("'" + text + "' is not " + e.getMessage(), e);
        }
    }

    private static NanoUsd usd(String text) {
        try {
            NanoUsd amount = NanoUsd.ofUsd(text.startsWith("$") ? text.substring(1) : text);
            if (!amount.isNegative()) {
                return amount;
            }
        } catch (NumberFormatException | ArithmeticException e) {
            throw new IllegalArgumentException("'" + text + "' is not an amount of dollars such as 12.50", e);
        }
        throw new IllegalArgumentException("'" + text + "' is less than nothing");
    }

    private static Instant instant(String text) {
        try {
            return Instant.parse(text);
        } catch (DateTimeParseException e) {
            throw new IllegalArgumentException("'" + text + "' is not a moment such as 2026-11-21T00:00:00Z", e);
        }
    }
}
