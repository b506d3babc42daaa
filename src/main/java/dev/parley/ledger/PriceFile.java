package dev.parley.ledger;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.parley.domain.ModelKind;
import dev.parley.domain.ModelName;
import dev.parley.ledger.PriceOffer.PriceClass;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads price files in the format of LiteLLM's {@code model_prices_and_context_window.json}: an object of models, dollars for
 * each single token or second. Taken are OpenAI's models of the realtime API, translation among it, and of transcription; {@code input_cost_per_image} is in
 * this file a price per token too. Pure.
 *
 * @param offers by name
 * @param skipped models of other kinds and providers
 * @param unusable models that this broker could serve, with what is wrong with their entries
 */
public record PriceFile(List<PriceOffer> offers, int skipped, List<String> unusable) {
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();
    private static final String PROVIDER = "openai";
    /** The file knows no mode for them. */
    private static final String TRANSLATORS = "gpt-realtime-translate";

    private static final int NANO = 9;
    private static final BigDecimal SECONDS_PER_MINUTE = BigDecimal.valueOf(60);
    /** Dollars for one token or second that nobody asks: such a number is in another unit. */
    private static final BigDecimal DEAREST = new BigDecimal("0.01");

    private static final Map<PriceClass, List<String>> MEMBERS = Map.of(
            PriceClass.TEXT_IN, List.of("input_cost_per_token"),
            PriceClass.TEXT_CACHED, List.of("cache_read_input_token_cost"),
            PriceClass.TEXT_OUT, List.of("output_cost_per_token"),
            PriceClass.AUDIO_IN, List.of("input_cost_per_audio_token"),
            // the latter is what older files call it
            PriceClass.AUDIO_CACHED,
                    List.of("cache_read_input_audio_token_cost", "cache_creation_input_audio_token_cost"),
            PriceClass.AUDIO_OUT, List.of("output_cost_per_audio_token"),
            PriceClass.IMAGE_IN, List.of("input_cost_per_image_token", "input_cost_per_image"),
            PriceClass.IMAGE_CACHED, List.of("cache_read_input_image_token_cost"));

    public PriceFile {
        offers = List.copyOf(offers);
        unusable = List.copyOf(unusable);
    }

    /** @throws IllegalArgumentException if it is not such a file */
    public static PriceFile read(byte[] file) {
        JsonNode root = parse(file);
        List<PriceOffer> offers = new ArrayList<>();
        List<String> unusable = new ArrayList<>();
        int skipped = 0;
        for (Map.Entry<String, JsonNode> entry : root.properties()) {
            ModelKind kind = kind(entry.getKey(), entry.getValue());
            if (kind == null) {
                skipped++;
                continue;
            }
            try {
                offers.add(offer(entry.getKey(), kind, entry.getValue()));
            } catch (IllegalArgumentException | ArithmeticException | DateTimeException wrong) {
                unusable.add(entry.getKey() + ": " + wrong.getMessage());
            }
        }
        if (offers.isEmpty() && unusable.isEmpty()) {
            throw new IllegalArgumentException("it has no model of the realtime API and none that transcribes");
        }
        return new PriceFile(offers, skipped, unusable);
    }

    private static JsonNode parse(byte[] file) {
        try {
            JsonNode root = MAPPER.readTree(file);
            if (root == null || !root.isObject()) {
                throw new IllegalArgumentException("it is not a JSON object of models");
            }
            return root;
        } catch (JacksonException broken) {
            throw new IllegalArgumentException("it is not JSON: " + broken.getOriginalMessage(), broken);
        } catch (IOException impossible) {
            throw new IllegalStateException("bytes in memory cannot fail to be read", impossible);
        }
    }

    /** Null for what this broker does not serve. A name with a slash is another provider's, or another region's price. */
    private static @Nullable ModelKind kind(String name, JsonNode entry) {
        if (name.contains("/")
                || !PROVIDER.equals(entry.path("litellm_provider").asText())) {
            return null;
        }
        String mode = entry.path("mode").asText();
        if (mode.equals("audio_transcription")) {
            return ModelKind.TRANSCRIPTION;
        }
        boolean realtime = mode.equals("realtime");
        for (JsonNode endpoint : entry.path("supported_endpoints")) {
            realtime |= endpoint.asText().equals("/v1/realtime");
        }
        if (!realtime) {
            return null;
        }
        return name.startsWith(TRANSLATORS) ? ModelKind.TRANSLATION : ModelKind.CONVERSATION;
    }

    private static PriceOffer offer(String name, ModelKind kind, JsonNode entry) {
        if (name.isEmpty() || name.length() > 128) {
            throw new IllegalArgumentException("its name has more than 128 characters");
        }
        Map<PriceClass, Long> told = new EnumMap<>(PriceClass.class);
        MEMBERS.forEach((one, members) -> members.stream()
                .filter(member -> entry.path(member).isNumber())
                .findFirst()
                .ifPresent(
                        member -> told.put(one, nano(member, entry.path(member).decimalValue()))));
        boolean byToken =
                told.getOrDefault(PriceClass.TEXT_IN, 0L) > 0 && told.getOrDefault(PriceClass.TEXT_OUT, 0L) > 0;
        BigDecimal second = entry.path("input_cost_per_second").isNumber()
                ? entry.path("input_cost_per_second").decimalValue()
                : BigDecimal.ZERO;
        if (!byToken && second.signum() > 0) {
            told.clear();
            told.put(PriceClass.MINUTE, nano("input_cost_per_second", second, SECONDS_PER_MINUTE));
        } else if (!byToken) {
            throw new IllegalArgumentException("has neither prices for text tokens in and out nor one for a second");
        }
        if (byToken && kind == ModelKind.TRANSLATION) {
            throw new IllegalArgumentException("translates, which is billed by time, and has prices for tokens");
        }
        long context = count(entry.path("max_input_tokens"));
        int output = (int) count(entry.path("max_output_tokens"));
        if (byToken && (context == 0 || output == 0)) {
            throw new IllegalArgumentException("does not say max_input_tokens and max_output_tokens");
        }
        String date = entry.path("deprecation_date").textValue();
        return new PriceOffer(new ModelName(name), kind, context, output, told, date == null ? null : shutdown(date));
    }

    private static Instant shutdown(String date) {
        return LocalDate.parse(date).atStartOfDay().toInstant(ZoneOffset.UTC);
    }

    private static long nano(String member, BigDecimal usd) {
        return nano(member, usd, BigDecimal.ONE);
    }

    /** Rounded up: never cheaper than the file says. */
    private static long nano(String member, BigDecimal usd, BigDecimal times) {
        if (usd.signum() < 0 || usd.compareTo(DEAREST) > 0) {
            throw new IllegalArgumentException(member + " is not a price for a token or a second");
        }
        return usd.multiply(times)
                .movePointRight(NANO)
                .setScale(0, RoundingMode.CEILING)
                .longValueExact();
    }

    private static long count(JsonNode number) {
        return number.canConvertToInt() && number.intValue() > 0 ? number.intValue() : 0;
    }
}
