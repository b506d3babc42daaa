package dev.parley.cli;

import dev.parley.config.BrokerConfig;
import dev.parley.store.Database;
import dev.parley.store.Rollups;
import picocli.CommandLine.Command;

/** {@code billing rebuild}. */
@Command(
        name = "rebuild",
        mixinStandardHelpOptions = true,
        description = {
            "Makes the hourly sums (table usage_rollup) anew from the sealed ledger.",
            "Until it is done they are incomplete; brokers may go on meanwhile."
        },
        footer = {"", "Example:", "  parley billing rebuild"})
final class BillingRebuild extends DatabaseCommand {
    @Override
    void run(Database database, BrokerConfig settings) {
        CommandAudit.note(database, "billing.rebuild", "rollups");
        out().println("the hourly sums are made anew, up to seal " + Rollups.rebuild(database));
    }
}
