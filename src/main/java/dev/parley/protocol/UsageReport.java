package dev.parley.protocol;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.domain.TokenUsage;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The {@code usage} of a response or of a transcription, as far as it was told.
 *
 * @param tokens what was told by class
 * @param inputUnassigned input tokens of the total that no class was told for
 * @param outputUnassigned the same for output
 * @param cachedUnassigned cached input tokens of the total that no class was told for
 * @param byDuration whether the work was measured by time and not by tokens
 * @param millis audio milliseconds, for usage by duration
 */
public record UsageReport(
        TokenUsage tokens,
        long inputUnassigned,
        long outputUnassigned,
        long cachedUnassigned,
        boolean byDuration,
        long millis) {
    private static final BigDecimal MILLISECOND = BigDecimal.valueOf(1, 3);
    private static final Set<String> COUNTS = Set.of(
            "input_tokens",
            "output_tokens",
            "text_tokens",
            "audio_tokens",
            "image_tokens",
            "cached_tokens",
            "reasoning_tokens");

    /** Whether every token has a class. */
    public boolean complete() {
        return inputUnassigned == 0 && outputUnassigned == 0 && cachedUnassigned == 0;
    }

    /**
     * Reads a {@code usage} object; empty if it is null, missing, has neither totals nor details nor seconds, or holds what
     * cannot be a count: below zero, not whole, beyond any context window.
     */
    public static Optional<UsageReport> of(JsonNode usage) {
        if (!usage.isObject()) {
            return Optional.empty();
        }
        if ("duration".equals(usage.path("type").textValue())) {
            return ofSeconds(usage.path("seconds"));
        }
        JsonNode in = usage.path("input_token_details");
        JsonNode out = usage.path("output_token_details");
        if (!usage.path("input_tokens").isNumber()
                && !usage.path("output_tokens").isNumber()
                && in.isEmpty()
                && out.isEmpty()) {
            return Optional.empty();
        }
        JsonNode cached = in.path("cached_tokens_details");
        if (!sane(usage) || !sane(in) || !sane(out) || !sane(cached)) {
            return Optional.empty();
        }
        TokenUsage tokens = new TokenUsage(
                count(in.path("text_tokens")),
                count(in.path("audio_tokens")),
                count(in.path("image_tokens")),
                count(cached.path("text_tokens")),
                count(cached.path("audio_tokens")),
                count(cached.path("image_tokens")),
                count(out.path("text_tokens")),
                count(out.path("audio_tokens")),
                count(out.path("reasoning_tokens")));
        if ("tokens".equals(usage.path("type").textValue()) && out.isMissingNode()) {
            tokens = withTextOut(tokens, count(usage.path("output_tokens")));
        }
        long besideText = count(usage.path("output_tokens")) - tokens.output();
        if (besideText > 0 && out.path("audio_tokens").isNumber() && tokens.reasoningOut() >= besideText) {
            tokens = withTextOut(tokens, tokens.textOut() + besideText); // reasoning that was told beside the text
        }
        long cachedTold = tokens.cachedText() + tokens.cachedAudio() + tokens.cachedImage();
        return Optional.of(new UsageReport(
                tokens,
                Math.max(0, count(usage.path("input_tokens")) - tokens.input()),
                Math.max(0, count(usage.path("output_tokens")) - tokens.output()),
                Math.max(0, count(in.path("cached_tokens")) - cachedTold),
                false,
                0));
    }

    private static TokenUsage withTextOut(TokenUsage tokens, long textOut) {
        return new TokenUsage(
                tokens.textIn(),
                tokens.audioIn(),
                tokens.imageIn(),
                tokens.cachedText(),
                tokens.cachedAudio(),
                tokens.cachedImage(),
                textOut,
                tokens.audioOut(),
                tokens.reasoningOut());
    }

    /** Whether every member that tells of tokens is a count. Where one is not, the others are not believed either. */
    private static boolean sane(JsonNode object) {
        for (Map.Entry<String, JsonNode> member : object.properties()) {
            JsonNode value = member.getValue();
            if (COUNTS.contains(member.getKey()) && !value.isNull() && !isCount(value)) {
                return false;
            }
        }
        return true;
    }

    private static boolean isCount(JsonNode value) {
        return value.canConvertToExactIntegral() && value.canConvertToInt() && value.intValue() >= 0;
    }

    private static Optional<UsageReport> ofSeconds(JsonNode seconds) {
        if (!seconds.isNumber() || seconds.decimalValue().signum() < 0 || seconds.asDouble() > Integer.MAX_VALUE) {
            return Optional.empty();
        }
        return Optional.of(new UsageReport(TokenUsage.NONE, 0, 0, 0, true, millis(seconds.decimalValue())));
    }

    /** Rounded up. Tiny numbers are not scaled: 1e-99999999 would be written out with all its digits. */
    private static long millis(BigDecimal seconds) {
        if (seconds.compareTo(MILLISECOND) <= 0) {
            return seconds.signum();
        }
        return seconds.movePointRight(3).setScale(0, RoundingMode.CEILING).longValueExact();
    }

    private static long count(JsonNode node) {
        return node.intValue();
    }
}
