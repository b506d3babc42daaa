package dev.parley.admin;

import dev.parley.administration.Permission;
import dev.parley.administration.Reports;
import dev.parley.administration.Reports.Filter;
import dev.parley.administration.Reports.Page;
import dev.parley.administration.Reports.UsageQuestion;
import dev.parley.concurrent.Ticker;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/** What can only be read: overview, usage, billing, errors. */
final class ReportResource {
    private static final Duration DAY = Duration.ofDays(1);
    private static final Duration USAGE_MAX = Duration.ofDays(400);
    private static final Set<String> BUCKETS = Set.of("minute", "hour", "day", "month", "none");
    private static final Set<String> DIMENSIONS =
            Set.of("tenant", "subject", "model", "work", "kind", "status", "account", "node");

    private final Reports reports;
    private final SessionFigures figures;
    private final Ticker ticker;

    ReportResource(Reports reports, SessionFigures figures, Ticker ticker) {
        this.reports = reports;
        this.figures = figures;
        this.ticker = ticker;
    }

    List<Endpoint> endpoints() {
        return List.of(
                Endpoint.get("/overview", Permission.OVERVIEW_READ, _ -> overview()),
                Endpoint.get("/usage", Permission.USAGE_READ, this::usage),
                Endpoint.get("/billing", Permission.USAGE_READ, _ -> Answer.ok(reports.billing())),
                Endpoint.get("/errors", Permission.ERRORS_READ, this::errors),
                Endpoint.get("/errors/groups", Permission.ERRORS_READ, this::groups));
    }

    private Answer overview() {
        SessionFigures.Seen seen = figures.look();
        return Answer.ok(reports.overview()
                .put("latency", RecentTurns.summary(seen.turns()))
                .put("upstream_warnings", UpstreamWarnings.of(seen)));
    }

    private Answer usage(Call call) {
        UsageQuestion question = question(call).widened();
        List<JsonObject> rows = reports.usage(question);
        if (rows.size() > UsageQuestion.ROWS_MAX) {
            throw Problem.badRequest(
                    "The report has more than " + UsageQuestion.ROWS_MAX
                            + " rows: ask for a longer bucket, for less time, for one tenant, or for the 'top' of a dimension.");
        }
        if (call.query("format").orElse("json").equals("csv")) {
            return Answer.text("text/csv", "usage.csv", Csv.of(rows));
        }
        return Answer.ok(new JsonObject()
                .put("from", question.from().toString())
                .put("to", question.to().toString())
                .put("bucket", question.bucket())
                .put("items", new JsonArray(rows)));
    }

    private UsageQuestion question(Call call) {
        Instant to = call.time("to", ticker.now());
        Instant from = call.time("from", to.minus(DAY));
        if (!from.isBefore(to) || Duration.between(from, to).compareTo(USAGE_MAX) > 0) {
            throw Problem.badRequest("from: lies before 'to', by at most " + USAGE_MAX.toDays() + " days");
        }
        String bucket = call.query("bucket").orElse("hour");
        if (!BUCKETS.contains(bucket)) {
            throw Problem.badRequest("bucket: is minute, hour, day, month or none");
        }
        List<String> by =
                call.query("by").map(text -> Arrays.asList(text.split(","))).orElse(List.of());
        if (by.size() > 2 || !DIMENSIONS.containsAll(by)) {
            throw Problem.badRequest("by: is one or two of tenant, subject, model, work, kind, status, account, node");
        }
        return new UsageQuestion(
                from,
                to,
                bucket,
                by,
                top(call, by),
                call.query("tenant").orElse(null),
                call.query("subject").orElse(null),
                call.query("model").orElse(null));
    }

    private static int top(Call call, List<String> by) {
        String top = call.query("top").orElse("");
        if (top.isEmpty()) {
            return 0;
        }
        if (by.size() != 1 || !top.matches("[1-9]\\d{0,3}")) {
            throw Problem.badRequest("top: is a number from 1 to 9999, with a single dimension in 'by'");
        }
        return Integer.parseInt(top);
    }

    private Answer errors(Call call) {
        Page page = call.numberedPage();
        Filter filter = new Filter(
                call.query("code").orElse(null),
                call.query("tenant").orElse(null),
                call.query("session").orElse(null));
        return Call.list(reports.errors(page, filter), page, "id");
    }

    private Answer groups(Call call) {
        Instant to = call.time("to", ticker.now());
        Instant from = call.time("from", to.minus(DAY));
        if (!from.isBefore(to)) {
            throw Problem.badRequest("from: lies before 'to'");
        }
        return Call.list(reports.errorGroups(from, to, call.query("tenant").orElse(null)));
    }
}
