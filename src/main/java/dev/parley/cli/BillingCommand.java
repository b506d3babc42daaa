package dev.parley.cli;

import dev.parley.config.BrokerConfig;
import dev.parley.store.Database;
import dev.parley.store.JdbcBilling;
import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code parley billing …}: the ledger for those who bill from it. */
@Command(
        name = "billing",
        mixinStandardHelpOptions = true,
        description = {
            "Hands out the sealed ledger, verifies it, and closes its periods.",
            "Billing jobs that can speak SQL read the schema 'billing' instead: src/docs/billing.md."
        },
        subcommands = {
            BillingVerify.class,
            BillingCommand.Export.class,
            BillingClose.class,
            BillingRebuild.class,
            BillingReconcile.class
        },
        footer = {"", "Examples:", "  parley billing verify", "  parley billing export --format jsonl --from-seal 118"})
final class BillingCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "which command? See 'parley billing --help'.");
    }

    /** {@code billing export}. */
    @Command(
            name = "export",
            mixinStandardHelpOptions = true,
            description = {
                "Writes the sealed usage entries to standard output, a line each.",
                "The last line on standard error names the seal to go on from. Each entry keeps its id, by which whoever",
                "takes it in knows a repetition: entry_id, id (CloudEvents), identifier (Stripe), transaction_id (Lago)."
            },
            footer = {
                "",
                "Examples:",
                "  parley billing export > usage.csv",
                "  parley billing export --format cloudevents --from-seal 118"
            })
    static final class Export extends DatabaseCommand {
        @Option(
                names = "--format",
                defaultValue = "csv",
                description = "One of ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
        private ExportFormat format = ExportFormat.CSV;

        @Option(
                names = "--from-seal",
                defaultValue = "1",
                paramLabel = "N",
                description = "The first seal. Default: 1.")
        private long from;

        private boolean begun;

        @Override
        void checkUsage() {
            if (from < 1) {
                throw new ParameterException(spec().commandLine(), "--from-seal: seals are numbered from 1");
            }
        }

        @Override
        void run(Database database, BrokerConfig settings) throws CommandFailure {
            JdbcBilling billing = new JdbcBilling(database);
            long last = billing.lastSeal();
            PrintWriter out = out();
            for (long seal = from; seal <= last; seal++) {
                billing.usage(seal, entry -> {
                    String header = format.header(entry);
                    if (!begun && header != null) {
                        out.println(header);
                    }
                    begun = true;
                    out.println(format.line(entry));
                });
                if (out.checkError()) {
                    throw new CommandFailure("the output cannot be written, seal " + seal + " is not whole");
                }
            }
            spec().commandLine().getErr().println("go on with --from-seal " + Math.max(from, last + 1));
        }
    }
}
