package dev.parley.store;

import dev.parley.administration.Reports.UsageQuestion;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The statement that answers a usage report. What each class of tokens cost is
 * computed from the version of the price that stands beside it; it sums to the whole with {@code time} (of models billed by
 * time) and {@code other} (what adjustments say of money only).
 */
final class UsageSums {
    /** Each question of a usage report, with the column that answers it. */
    private static final Map<String, String> DIMENSIONS = Map.of(
            "tenant", "tenant_id",
            "subject", "subject",
            "model", "model_resolved",
            "work", "work",
            "kind", "kind",
            "status", "status",
            "account", "account",
            "node", "node");

    /** A class of tokens, how many there are of it in a row, and the column of its price. */
    private record TokenClass(String name, String tokens, String price) {
        String cost() {
            return "(" + tokens + ") * coalesce(" + price + ", 0)";
        }
    }

    private static final List<TokenClass> CLASSES = List.of(
            new TokenClass("text_in", "text_in - cached_text", "text_in_nano"),
            new TokenClass("text_cached", "cached_text", "text_cached_nano"),
            new TokenClass("text_out", "text_out", "text_out_nano"),
            new TokenClass("audio_in", "audio_in - cached_audio", "audio_in_nano"),
            new TokenClass("audio_cached", "cached_audio", "audio_cached_nano"),
            new TokenClass("audio_out", "audio_out", "audio_out_nano"),
            new TokenClass("image_in", "image_in - cached_image", "image_in_nano"),
            new TokenClass("image_cached", "cached_image", "image_cached_nano"));

    private static final String TOTALS = Stream.of(
                    Stream.of("coalesce(sum(counted), 0) as entries", money("cost_nano", "cost")),
                    CLASSES.stream().map(one -> "coalesce(sum(" + one.tokens() + "), 0) as " + one.name()),
                    Stream.of("coalesce(sum(millis), 0) as millis"),
                    CLASSES.stream().map(one -> money(one.cost(), one.name())),
                    Stream.of(
                            money("case when minute_nano > 0 then cost_nano else 0 end", "time"),
                            money("case when minute_nano > 0 then 0 else cost_nano - " + inTokens() + " end", "other")))
            .flatMap(columns -> columns)
            .collect(Collectors.joining(", "));

    /** From the hourly sums, and from what the ledger has beyond the seals that they are made of: one statement, one snapshot. */
    private static final String HOURLY = """
            (select tenant_id, hour as event_time, subject, model as model_resolved, work, price_version,
                    entries - adjustments as counted, text_in, audio_in, image_in, cached_text, cached_audio, cached_image,
                    text_out, audio_out, millis, cost_nano
             from usage_rollup
             union all
             select tenant_id, event_time, subject, model_resolved, work, price_version, (kind <> 'adjustment')::int,
                    text_in, audio_in, image_in, cached_text, cached_audio, cached_image, text_out, audio_out, millis, cost_nano
             from usage_entry
             where xid >= coalesce((select s.xid_hi from ledger_seal s join consumer_cursor c on c.seal_no = s.seal_no
                                    where c.consumer = 'parley-rollup'), '0'::xid8)) as used""";

    private static final String EXACT = "(select *, (kind <> 'adjustment')::int as counted from usage_entry) as used";

    private UsageSums() {}

    /** @param few whether only some names stay apart: its first value */
    static String statement(UsageQuestion question, boolean few) {
        List<String> columns = new ArrayList<>();
        if (!question.bucket().equals("none")) {
            columns.add("iso(date_trunc('" + bucket(question.bucket()) + "', event_time, 'UTC')) as at");
        }
        for (String name : question.by()) {
            String column = dimension(name);
            columns.add((few ? "case when " + column + " = any (?) then " + column + " end" : column) + " as " + name);
        }
        String groups = IntStream.rangeClosed(1, columns.size())
                .mapToObj(Integer::toString)
                .collect(Collectors.joining(", "));
        return "select " + columns.stream().map(column -> column + ", ").collect(Collectors.joining()) + TOTALS
                + source(question)
                + (groups.isEmpty() ? "" : " group by " + groups + " order by " + groups)
                + " limit " + (UsageQuestion.ROWS_MAX + 1);
    }

    /** The dearest names of the one dimension that is asked for; its last value is how many. */
    static String dearest(UsageQuestion question) {
        return "select " + dimension(question.by().getFirst()) + " as name" + source(question)
                + " group by 1 order by sum(cost_nano) desc, 1 limit ?";
    }

    private static String source(UsageQuestion question) {
        return " from " + (question.hourly() ? HOURLY : EXACT)
                + " left join price on price.model = used.model_resolved and price.version = used.price_version"
                + " where event_time >= ? and event_time < ?"
                + " and (?::text is null or tenant_id = ?) and (?::text is null or subject = ?)"
                + " and (?::text is null or model_resolved = ?)";
    }

    private static String inTokens() {
        return CLASSES.stream().map(TokenClass::cost).collect(Collectors.joining(" - "));
    }

    private static String money(String of, String name) {
        return "coalesce(sum(" + of + "), 0)::text as " + name + "_nano_usd";
    }

    private static String dimension(String name) {
        String column = DIMENSIONS.get(name);
        if (column == null) {
            throw new IllegalArgumentException("usage has no '" + name + "'");
        }
        return column;
    }

    private static String bucket(String name) {
        return switch (name) {
            case "minute", "hour", "day", "month" -> name;
            default -> throw new IllegalArgumentException("a bucket is minute, hour, day or month");
        };
    }
}
