package dev.parley.cli;

import dev.parley.domain.NanoUsd;
import dev.parley.ledger.Figure;
import dev.parley.ledger.Reconciliation.Compared;
import dev.parley.ledger.Reconciliation.Remedy;
import dev.parley.ledger.ReportLine;
import dev.parley.ledger.UsageReport;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;

/** Prints where a provider's report and the ledger differ: a row for each figure. */
final class DifferenceTable {
    private static final String ROW = "%-33s %-28s %-12s %20s %20s %20s%n";

    private DifferenceTable() {}

    static void print(UsageReport report, List<Compared> compared, PrintWriter out) {
        long different =
                compared.stream().filter(one -> !one.differences().isEmpty()).count();
        if (different > 0) {
            out.printf(ROW, "TIME (UTC)", "MODEL", "WHAT", "PROVIDER", "LEDGER", "DIFFERENCE");
            compared.forEach(one -> print(one, out));
        }
        out.println(compared.size() + " lines, " + different + " differ"
                + (report.skipped() == 0 ? "" : "; " + report.skipped() + " results of other kinds left out"));
    }

    private static void print(Compared one, PrintWriter out) {
        for (Figure figure : Figure.values()) {
            Long difference = one.differences().get(figure);
            if (difference != null) {
                out.printf(
                        ROW,
                        time(one.line()),
                        one.line().model().equals(ReportLine.ALL_MODELS)
                                ? "all models"
                                : one.line().family(),
                        figure.name().toLowerCase(Locale.ROOT),
                        amount(figure, one.line().figures().getOrDefault(figure, 0L)),
                        amount(figure, one.ours().getOrDefault(figure, 0L)),
                        (difference > 0 ? "+" : "") + amount(figure, difference));
            }
        }
        switch (one.remedy()) {
            case Remedy.Nothing _ -> {}
            case Remedy.Hindered(String why) -> out.println("  cannot be corrected: " + why);
            case Remedy.Correction correction ->
                out.println("  adjustment: " + new NanoUsd(correction.costNano())
                        + (correction.priceVersion() == 0 ? "" : " by price version " + correction.priceVersion()));
        }
    }

    private static String amount(Figure figure, long amount) {
        return figure == Figure.COST ? new NanoUsd(amount).toString() : Long.toString(amount);
    }

    private static String time(ReportLine line) {
        boolean day = Duration.between(line.from(), line.to()).equals(Duration.ofDays(1))
                && line.from().getEpochSecond() % Duration.ofDays(1).toSeconds() == 0;
        return day ? line.from().toString().substring(0, 10) : minute(line.from()) + "/" + minute(line.to());
    }

    private static String minute(Instant at) {
        return at.toString().substring(0, 16);
    }
}
