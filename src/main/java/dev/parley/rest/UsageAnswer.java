package dev.parley.rest;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TokenUsage;
import dev.parley.ledger.UsageBook.Line;
import dev.parley.ledger.UsageBook.Question;
import dev.parley.ledger.UsageBook.Used;
import dev.parley.quota.Limit;
import dev.parley.quota.Unit;
import java.math.BigDecimal;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** {@code GET /v1/usage} as JSON. Money is in dollars, as strings, so that no reader rounds it. Pure. */
final class UsageAnswer {
    private static final int NANO = 9;
    private static final int MILLI = 3;

    private UsageAnswer() {}

    /** @param lines one more than {@code question.linesMax() - 1} means that there are more than are told */
    static ObjectNode of(Question question, List<Line> lines, List<Limit> limits, List<Used> used) {
        int told = question.linesMax() - 1;
        SubjectId subject = question.subject();
        ObjectNode answer = JsonNodeFactory.instance.objectNode();
        answer.put("object", "usage");
        answer.put("tenant", question.tenant().value());
        answer.put("subject", subject == null ? null : subject.value());
        answer.put("from", question.from().toString());
        answer.put("to", question.to().toString());
        answer.put("period", question.period().name().toLowerCase(Locale.ROOT));
        ArrayNode data = answer.putArray("data");
        lines.stream().limit(told).forEach(line -> data.add(line(line)));
        answer.put("has_more", lines.size() > told);
        ArrayNode all = answer.putArray("limits");
        limits.forEach(limit -> all.add(limit(limit, find(used, limit))));
        return answer;
    }

    private static ObjectNode line(Line line) {
        TokenUsage tokens = line.tokens();
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("start", line.start().toString())
                .put("subject", line.subject())
                .put("model", line.model())
                .put("work", line.work())
                .put("entries", line.entries())
                .put("estimated_entries", line.estimated());
        json.putObject("input_tokens")
                .put("text", tokens.textIn())
                .put("audio", tokens.audioIn())
                .put("image", tokens.imageIn());
        json.putObject("cached_input_tokens")
                .put("text", tokens.cachedText())
                .put("audio", tokens.cachedAudio())
                .put("image", tokens.cachedImage());
        json.putObject("output_tokens").put("text", tokens.textOut()).put("audio", tokens.audioOut());
        return json.put("audio_seconds", BigDecimal.valueOf(line.millis(), MILLI))
                .put("cost_usd", usd(line.cost().value()));
    }

    private static ObjectNode limit(Limit limit, @Nullable Used used) {
        long amount = used == null ? 0 : used.amount();
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("limit", limit.budget() == null ? limit.key() : limit.budget())
                .put("unit", unit(limit.unit()))
                .put("period", limit.period().name().toLowerCase(Locale.ROOT))
                .put("scope", limit.subject() == null ? "tenant" : "subject")
                .put("hard", limit.hard());
        put(json, "amount", limit, limit.amount());
        put(json, "used", limit, amount);
        put(json, "left", limit, Math.max(0, limit.amount() - amount));
        return json.put(
                "renews_at",
                used == null || used.renewsAt() == null ? null : used.renewsAt().toString());
    }

    private static @Nullable Used find(List<Used> used, Limit limit) {
        SubjectId subject = limit.subject();
        String whose = subject == null ? "" : subject.value();
        return used.stream()
                .filter(one -> one.key().equals(limit.key()) && one.subject().equals(whose))
                .findFirst()
                .orElse(null);
    }

    private static String unit(Unit unit) {
        return switch (unit) {
            case MONEY -> "usd";
            case AUDIO_MILLIS -> "audio_seconds";
            case TOKENS, RESPONSES, SESSION_STARTS -> unit.name().toLowerCase(Locale.ROOT);
        };
    }

    private static void put(ObjectNode json, String name, Limit limit, long amount) {
        switch (limit.unit()) {
            case MONEY -> json.put(name, usd(amount));
            case AUDIO_MILLIS -> json.put(name, BigDecimal.valueOf(amount, MILLI));
            case TOKENS, RESPONSES, SESSION_STARTS -> json.put(name, amount);
        }
    }

    private static String usd(long nano) {
        return BigDecimal.valueOf(new NanoUsd(nano).value(), NANO).toPlainString();
    }
}
