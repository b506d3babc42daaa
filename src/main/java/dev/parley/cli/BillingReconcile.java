package dev.parley.cli;

import dev.parley.config.BrokerConfig;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.TenantId;
import dev.parley.ledger.Reconciliation;
import dev.parley.ledger.Reconciliation.Compared;
import dev.parley.ledger.Reconciliation.Remedy;
import dev.parley.ledger.UsageReport;
import dev.parley.store.Database;
import dev.parley.store.JdbcPrices;
import dev.parley.store.JdbcReconciliation;
import dev.parley.store.JdbcReconciliation.Applied;
import dev.parley.store.JdbcReconciliation.Attribution;
import dev.parley.store.JdbcTenants;
import dev.parley.store.OrphanedGrant;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Scanner;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code billing reconcile}. */
@Command(
        name = "reconcile",
        mixinStandardHelpOptions = true,
        description = {
            "Holds a provider's usage report against the ledger, by model and day (or whatever times the report has), and",
            "shows where they differ. With --apply the differences become adjustments in the ledger, each once for the same",
            "report, and what dead nodes held of hard budgets is free again where the report tells that it was not spent.",
            "Reads CSV, and the answers of OpenAI's usage and costs API: see src/docs/billing.md."
        },
        footer = {
            "",
            "Examples:",
            "  parley billing reconcile usage-2026-11.json",
            "  parley billing reconcile usage-2026-11.json --apply --tenant acme"
        })
final class BillingReconcile extends DatabaseCommand {
    @Parameters(paramLabel = "FILE", description = "The report.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path file;

    @Option(names = "--apply", description = "Write the adjustments, after a question.")
    private boolean apply;

    @Option(names = "--yes", description = "Do not ask.")
    private boolean yes;

    @Option(
            names = "--account",
            paramLabel = "NAME",
            description = "Compare with the usage of this upstream account only. Default: of all.")
    private @Nullable String account;

    @Option(
            names = "--tenant",
            paramLabel = "T",
            description = {
                "Whose the differences are; they count against its budgets where its nodes died.",
                "Default: nobody's (" + JdbcReconciliation.NOBODY + ")."
            })
    private @Nullable TenantId tenant;

    @Override
    void run(Database database, BrokerConfig settings) throws CommandFailure, IOException {
        UsageReport report = read();
        JdbcReconciliation ledger = new JdbcReconciliation(database);
        refuseTypos(new JdbcTenants(database), ledger);
        List<Compared> compared = new Reconciliation(new JdbcPrices(database).read(), Instant.now())
                .compare(report.lines(), ledger.ours(report.lines(), account));
        DifferenceTable.print(report, compared, out());
        List<OrphanedGrant> orphans = ledger.orphans().stream()
                .filter(orphan -> report.covers(orphan.since(), orphan.until()))
                .toList();
        List<OrphanedGrant> released =
                orphans.stream().filter(orphan -> settled(orphan, compared)).toList();
        orphans.forEach(orphan -> out().println(sentence(orphan, released.contains(orphan))));
        long corrections = compared.stream()
                .filter(one -> one.remedy() instanceof Remedy.Correction)
                .count();
        if (!apply) {
            return;
        }
        if (corrections == 0 && released.isEmpty()) {
            out().println("nothing to apply");
            return;
        }
        confirm(corrections, released.size());
        Attribution attribution = new Attribution(tenant == null ? null : tenant.value(), account);
        CommandAudit.note(database, "billing.adjust", "report/" + file.getFileName());
        Applied applied = apply(ledger, report, compared, attribution, released);
        out().println(applied.adjustments() + " adjustments written"
                + (applied.adjustments() < corrections
                        ? ", " + (corrections - applied.adjustments()) + " were there from this report already"
                        : "")
                + "; " + applied.released() + " grants of dead nodes released");
    }

    /** What is booked on a name that nobody has stays there for ever. */
    private void refuseTypos(JdbcTenants tenants, JdbcReconciliation ledger) throws CommandFailure {
        if (tenant != null && tenants.find(tenant).isEmpty()) {
            throw TenantFailures.unknown(tenant);
        }
        if (account != null && !ledger.knows(account)) {
            throw new CommandFailure("the ledger has no usage of an upstream account '" + account + "'");
        }
    }

    private UsageReport read() throws CommandFailure, IOException {
        try {
            return UsageReport.read(Files.readAllBytes(file));
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(file + ": " + e.getMessage());
        }
    }

    /** Whether it is known by now what was spent of it. */
    private boolean settled(OrphanedGrant orphan, List<Compared> compared) {
        return compared.stream()
                .filter(one -> orphan.meets(one.line()) && one.unexplained())
                .allMatch(one -> tenant != null && one.remedy() instanceof Remedy.Correction);
    }

    private static String sentence(OrphanedGrant orphan, boolean released) {
        String burned = orphan.unit().equals("money")
                ? new NanoUsd(orphan.burned()).toString()
                : orphan.burned() + " " + orphan.unit();
        String of = burned + " of tenant " + orphan.tenant() + " (" + orphan.limit() + "), held by node "
                + orphan.node() + " when it died";
        return released
                ? of + ": the report tells what was spent of it, it can be released"
                : of + ": stays burned, because the provider has seen more; say whose that is with --tenant";
    }

    private void confirm(long corrections, int released) throws CommandFailure {
        if (yes) {
            return;
        }
        out().print("write " + corrections + " adjustments of "
                + (tenant == null ? JdbcReconciliation.NOBODY : "tenant " + tenant) + " and release " + released
                + " grants? [y/N] ");
        out().flush();
        Scanner answer = new Scanner(System.in, Charset.defaultCharset());
        if (!answer.hasNextLine() || !answer.nextLine().strip().equalsIgnoreCase("y")) {
            throw new CommandFailure("nothing was written");
        }
    }

    private static Applied apply(
            JdbcReconciliation ledger,
            UsageReport report,
            List<Compared> compared,
            Attribution attribution,
            List<OrphanedGrant> released)
            throws CommandFailure {
        try {
            return ledger.apply(report, compared, attribution, released);
        } catch (IllegalStateException e) {
            throw new CommandFailure(String.valueOf(e.getMessage()));
        }
    }
}
