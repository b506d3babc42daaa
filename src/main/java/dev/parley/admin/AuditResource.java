package dev.parley.admin;

import dev.parley.administration.AuditLog;
import dev.parley.administration.Permission;
import dev.parley.administration.Reports;
import dev.parley.administration.Reports.Page;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** The audit log: to read, to take along, and whether its chain holds. */
final class AuditResource {
    /** In one answer; its {@code Next-Cursor} leads on. */
    static final int EXPORTED_MAX = 20_000;

    private static final int PIECE = 200;
    /** An entry can have 100,000 characters: so many and a piece more are held at most. */
    private static final long CHARACTERS_MAX = 8_000_000;

    private final Reports reports;
    private final AuditLog audit;

    AuditResource(Reports reports, AuditLog audit) {
        this.reports = reports;
        this.audit = audit;
    }

    List<Endpoint> endpoints() {
        return List.of(
                Endpoint.get("/audit", Permission.AUDIT_READ, this::list),
                Endpoint.get("/audit/export", Permission.AUDIT_READ, this::export),
                Endpoint.get("/audit/verification", Permission.AUDIT_READ, _ -> verification()));
    }

    private Answer list(Call call) {
        Page page = call.numberedPage();
        return Call.list(read(call, page), page, "no");
    }

    private Answer export(Call call) {
        String format = call.query("format").orElse("csv");
        if (!format.equals("csv") && !format.equals("json")) {
            throw Problem.badRequest("format: is csv or json");
        }
        List<JsonObject> entries = new ArrayList<>();
        String cursor = call.numberedPage().after();
        List<JsonObject> piece;
        long characters = 0;
        do {
            piece = read(call, new Page(cursor, PIECE));
            entries.addAll(piece);
            characters +=
                    piece.stream().mapToLong(entry -> entry.encode().length()).sum();
            cursor = piece.isEmpty() ? cursor : piece.getLast().getLong("no").toString();
        } while (piece.size() == PIECE && entries.size() < EXPORTED_MAX && characters < CHARACTERS_MAX);
        Answer answer = format.equals("csv")
                ? Answer.text("text/csv", "audit.csv", Csv.of(entries))
                : Answer.text("application/x-ndjson", "audit.ndjson", lines(entries));
        return piece.size() == PIECE && cursor != null ? answer.with("Next-Cursor", cursor) : answer;
    }

    private List<JsonObject> read(Call call, Page page) {
        return reports.audit(
                page, call.query("target").orElse(null), call.query("actor").orElse(null));
    }

    private static String lines(List<JsonObject> entries) {
        return entries.stream().map(entry -> entry.encode() + "\n").collect(Collectors.joining());
    }

    private Answer verification() {
        List<String> problems = audit.problems(null);
        return Answer.ok(new JsonObject()
                .put("checkpoint", audit.checkpoint().toString())
                .put("problems", new JsonArray(problems)));
    }
}
