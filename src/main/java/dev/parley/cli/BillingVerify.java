package dev.parley.cli;

import dev.parley.config.BrokerConfig;
import dev.parley.store.Database;
import dev.parley.store.JdbcBilling;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code billing verify}. */
@Command(
        name = "verify",
        mixinStandardHelpOptions = true,
        description = {
            "Counts, sums and hashes the ledger again, and holds it against its seals, its closed periods, the budgets and",
            "the hourly sums. Says what does not agree, and exits with 1; exits with 0 when all is well."
        },
        footer = {
            "",
            "Examples:",
            "  parley billing verify",
            "  parley billing verify --checkpoint /mnt/elsewhere/parley.seal"
        })
final class BillingVerify extends DatabaseCommand {
    @Option(
            names = "--checkpoint",
            paramLabel = "FILE",
            description = {
                "Where the last seal and its chain are remembered: the next run finds out whether it still stands there,",
                "so that seals cut off at the end do not go unseen. Made if it is not there; moved on when all is well.",
                "Keep it where nobody who can write the database can write."
            })
    private @Nullable Path checkpoint;

    @Override
    void run(Database database, BrokerConfig settings) throws CommandFailure, IOException {
        JdbcBilling billing = new JdbcBilling(database);
        long last = billing.lastSeal();
        Optional<String> chain = billing.chain(last);
        List<String> problems = new ArrayList<>();
        Optional<SealCheckpoint> before = checkpoint == null ? Optional.empty() : SealCheckpoint.read(checkpoint);
        before.flatMap(remembered -> remembered.problem(billing)).ifPresent(problems::add);
        problems.addAll(billing.problems());
        problems.forEach(out()::println);
        if (!problems.isEmpty()) {
            throw new CommandFailure(problems.size() + " problems found");
        }
        out().println("all is well up to seal " + last);
        if (checkpoint != null && chain.isPresent()) {
            new SealCheckpoint(last, chain.get()).write(checkpoint);
            out().println("the checkpoint stands at seal " + last
                    + before.map(remembered -> ", it stood at " + remembered.seal())
                            .orElse(""));
        }
    }
}
