package dev.parley.cli;

import dev.parley.administration.AuditLog.Checkpoint;
import dev.parley.config.BrokerConfig;
import dev.parley.store.Database;
import dev.parley.store.JdbcAuditLog;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code parley audit …}: the audit log for those who check it. */
@Command(
        name = "audit",
        mixinStandardHelpOptions = true,
        description = "Verifies the audit log of the console.",
        subcommands = {AuditCommand.Verify.class, AuditCommand.Mark.class},
        footer = {"", "Examples:", "  parley audit checkpoint > /somewhere/else", "  parley audit verify"})
final class AuditCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "which command? See 'parley audit --help'.");
    }

    /** {@code audit verify}. */
    @Command(
            name = "verify",
            mixinStandardHelpOptions = true,
            description = {
                "Computes the chain of the audit log again: finds entries that were edited, deleted or moved.",
                "Whoever can write to the database could have written the whole log anew, or cut its end off; a checkpoint that",
                "was kept elsewhere shows that too. Exits with 1 when something does not agree."
            },
            footer = {"", "Example:", "  parley audit verify --checkpoint $(cat /somewhere/else)"})
    static final class Verify extends DatabaseCommand {
        @Option(
                names = "--checkpoint",
                paramLabel = "NO:HASH",
                description = "What 'parley audit checkpoint' has printed once; the broker's log has them too.")
        private @Nullable String checkpoint;

        @Override
        void checkUsage() {
            known();
        }

        @Override
        void run(Database database, BrokerConfig settings) throws CommandFailure {
            JdbcAuditLog audit = new JdbcAuditLog(database);
            List<String> problems = audit.problems(known());
            problems.forEach(out()::println);
            if (!problems.isEmpty()) {
                throw new CommandFailure(problems.size() + " problems found");
            }
            out().println("all is well up to " + audit.checkpoint());
        }

        private @Nullable Checkpoint known() {
            try {
                return checkpoint == null ? null : Checkpoint.parse(checkpoint);
            } catch (IllegalArgumentException e) {
                throw new ParameterException(spec().commandLine(), "--checkpoint: " + e.getMessage(), e);
            }
        }
    }

    /** {@code audit checkpoint}. */
    @Command(
            name = "checkpoint",
            mixinStandardHelpOptions = true,
            description = "Prints where the audit log ends. Keep it where whoever can write to the database cannot.")
    static final class Mark extends DatabaseCommand {
        @Override
        void run(Database database, BrokerConfig settings) {
            out().println(new JdbcAuditLog(database).checkpoint());
        }
    }
}
