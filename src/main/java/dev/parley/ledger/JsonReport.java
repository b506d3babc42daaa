package dev.parley.ledger;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;

/**
 * Answers of OpenAI's usage API (completions, audio transcriptions) and costs API: one page or several, one after the other.
 * Usage has to be grouped by model. The two generations of token fields are told apart by whether the cached tokens are given
 * for each modality.
 */
final class JsonReport {
    private static final ObjectMapper JSON =
            new ObjectMapper().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);

    private JsonReport() {}

    static void read(String text, UsageReport.Lines lines) {
        try (MappingIterator<JsonNode> pages = JSON.readerFor(JsonNode.class).readValues(text)) {
            while (pages.hasNextValue()) {
                JsonNode page = pages.nextValue();
                if (page.isArray()) {
                    page.forEach(one -> page(one, lines));
                } else {
                    page(page, lines);
                }
            }
        } catch (IOException e) {
            throw new IllegalArgumentException("the report is not JSON", e); // the parser's own words quote the file
        }
    }

    private static void page(JsonNode page, UsageReport.Lines lines) {
        if (!page.path("data").isArray()) {
            throw new IllegalArgumentException("a page of the report has no 'data' with buckets");
        }
        for (JsonNode bucket : page.path("data")) {
            Instant from = time(bucket, "start_time");
            Instant to = time(bucket, "end_time");
            lines.speaksOf(from, to);
            JsonNode results = bucket.has("results") ? bucket.path("results") : bucket.path("result");
            for (JsonNode result : results) {
                try {
                    result(from, to, result, lines);
                } catch (IllegalArgumentException | ArithmeticException e) {
                    throw new IllegalArgumentException("the bucket of " + from + ": " + e.getMessage(), e);
                }
            }
        }
    }

    private static Instant time(JsonNode bucket, String field) {
        try {
            return Instant.ofEpochSecond(count(bucket, field));
        } catch (DateTimeException e) {
            throw new IllegalArgumentException("'" + field + "' is not a time", e);
        }
    }

    private static void result(Instant from, Instant to, JsonNode result, UsageReport.Lines lines) {
        Map<Figure, Long> figures = new EnumMap<>(Figure.class);
        switch (result.path("object").asText()) {
            case "organization.usage.completions.result" -> {
                tokens(result, figures);
                lines.add(new ReportLine(from, to, model(result), figures));
            }
            case "organization.usage.audio_transcriptions.result" -> {
                figures.put(Figure.REQUESTS, count(result, "num_model_requests"));
                figures.put(Figure.MILLIS, Math.multiplyExact(count(result, "seconds"), 1_000L));
                lines.add(new ReportLine(from, to, model(result), figures));
            }
            case "organization.costs.result" -> {
                figures.put(Figure.COST, cost(result.path("amount")));
                lines.add(new ReportLine(from, to, item(result.path("line_item")), figures));
            }
            default -> lines.skip();
        }
    }

    private static void tokens(JsonNode result, Map<Figure, Long> figures) {
        long in = count(result, "input_tokens");
        long out = count(result, "output_tokens");
        figures.put(Figure.REQUESTS, count(result, "num_model_requests"));
        if (result.hasNonNull("input_cached_audio_tokens") || result.hasNonNull("input_cached_text_tokens")) {
            long cachedAudio = countOr0(result, "input_cached_audio_tokens");
            long cachedImage = countOr0(result, "input_cached_image_tokens");
            long audio =
                    Math.addExact(countOr0(result, "input_audio_tokens"), cachedAudio); // the field counts fresh ones
            long image = Math.addExact(countOr0(result, "input_image_tokens"), cachedImage);
            long audioOut = countOr0(result, "output_audio_tokens");
            figures.put(Figure.TEXT_IN, in - audio - image);
            figures.put(Figure.CACHED_TEXT, countOr0(result, "input_cached_text_tokens"));
            figures.put(Figure.AUDIO_IN, audio);
            figures.put(Figure.CACHED_AUDIO, cachedAudio);
            figures.put(Figure.IMAGE_IN, image);
            figures.put(Figure.CACHED_IMAGE, cachedImage);
            figures.put(Figure.TEXT_OUT, out - audioOut - countOr0(result, "output_image_tokens"));
            figures.put(Figure.AUDIO_OUT, audioOut);
            return;
        }
        figures.put(Figure.TEXT_IN, in);
        figures.put(Figure.TEXT_OUT, out);
        putIfTold(result, "input_cached_tokens", Figure.CACHED_TEXT, figures);
        putIfTold(result, "input_audio_tokens", Figure.AUDIO_IN, figures);
        putIfTold(result, "output_audio_tokens", Figure.AUDIO_OUT, figures);
    }

    private static void putIfTold(JsonNode result, String field, Figure figure, Map<Figure, Long> figures) {
        if (result.hasNonNull(field)) {
            figures.put(figure, count(result, field));
        }
    }

    private static String model(JsonNode result) {
        String model = result.path("model").asText("");
        if (model.isEmpty() || !result.hasNonNull("model")) {
            throw new IllegalArgumentException("names no model: ask for the report with group_by=model");
        }
        return model;
    }

    /** Such as "gpt-realtime, audio input"; null when the costs are not grouped. */
    private static String item(JsonNode item) {
        if (!item.isTextual()) {
            return ReportLine.ALL_MODELS;
        }
        String text = item.asText();
        int comma = text.indexOf(',');
        return (comma < 0 ? text : text.substring(0, comma)).strip();
    }

    private static long cost(JsonNode amount) {
        String currency = amount.path("currency").asText("");
        if (!currency.equalsIgnoreCase("usd")) {
            throw new IllegalArgumentException("costs in '" + currency + "': only usd can be compared");
        }
        JsonNode value = amount.path("value");
        if (!value.isNumber() && !value.isTextual()) {
            throw new IllegalArgumentException("an amount has no value");
        }
        try {
            return CsvReport.nanoUsd(new BigDecimal(value.asText())).value();
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("an amount's value is not a number", e);
        }
    }

    private static long countOr0(JsonNode node, String field) {
        return node.hasNonNull(field) ? count(node, field) : 0;
    }

    private static long count(JsonNode node, String field) {
        JsonNode value = node.path(field);
        if (!value.isNumber()) {
            throw new IllegalArgumentException("'" + field + "' is not a number");
        }
        BigDecimal number = value.decimalValue();
        if (number.precision() - number.scale() > 18) {
            throw new IllegalArgumentException("'" + field + "' is too large");
        }
        return number.setScale(0, RoundingMode.HALF_UP).longValueExact();
    }
}
