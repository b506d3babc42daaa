package dev.parley.cli;

import dev.parley.bench.BenchException;
import dev.parley.bench.LedgerBench;
import dev.parley.bench.PoolBench;
import dev.parley.bench.RelayBench;
import dev.parley.bench.TurnBench;
import dev.parley.bench.UploadBench;
import java.io.PrintStream;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code parley bench …}. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        description = "Measures Parley on this machine, beside others in the same run.",
        subcommands = {
            BenchCommand.Relay.class,
            BenchCommand.LedgerRows.class,
            BenchCommand.Pool.class,
            BenchCommand.Turns.class,
            BenchCommand.Uploads.class
        },
        footer = {
            "",
            "Examples:",
            "  parley bench relay",
            "  parley bench ledger",
            "  parley bench pool",
            "  parley bench turns",
            "  parley bench uploads"
        })
final class BenchCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "which benchmark? See 'parley bench --help'.");
    }

    /** {@code bench relay}. */
    @Command(
            name = "relay",
            mixinStandardHelpOptions = true,
            description = {
                "CPU a message, added round trip and memory an idle session: direct, nginx and Parley.",
                "Load, upstream and target share one core; the targets take turns; the ratios come last.",
                "Takes about three minutes; leave the machine alone meanwhile. Without nginx it is left out."
            },
            footer = {"", "Examples:", "  parley bench relay", "  parley bench relay --quick"})
    static final class Relay extends Benchmark {
        @Option(names = "--quick", description = "Under a minute, and less to be trusted.")
        private boolean quick;

        @Override
        void measure(PrintStream out) throws BenchException {
            RelayBench.run(quick ? RelayBench.Options.quick() : RelayBench.Options.usual(), out);
        }
    }

    /** {@code bench ledger}. */
    @Command(
            name = "ledger",
            mixinStandardHelpOptions = true,
            description = {
                "Usage entries a second through the ledger's writer, beside a plain batched insert of the same rows.",
                "Runs on an embedded Postgres of its own in a temporary folder; the ratio comes last.",
                "Takes about a minute; leave the machine alone meanwhile."
            },
            footer = {"", "Examples:", "  parley bench ledger", "  parley bench ledger --quick"})
    static final class LedgerRows extends Benchmark {
        @Option(names = "--quick", description = "A few seconds, and less to be trusted.")
        private boolean quick;

        @Override
        void measure(PrintStream out) throws BenchException {
            LedgerBench.run(quick ? LedgerBench.Options.quick() : LedgerBench.Options.usual(), out);
        }
    }

    /** {@code bench pool}. */
    @Command(
            name = "pool",
            mixinStandardHelpOptions = true,
            description = {
                "How long a client waits for its session.created: warm upstream sessions against connections on demand,",
                "with a provider that takes 200 ms to open one; and what a burst of 50 on 5 warm ones costs in connections.",
                "Takes two minutes. The broker is a process of its own, with everything on."
            },
            footer = {"", "Example:", "  parley bench pool"})
    static final class Pool extends Benchmark {
        @Override
        void measure(PrintStream out) throws BenchException {
            PoolBench.run(out);
        }
    }

    /** {@code bench turns}. */
    @Command(
            name = "turns",
            mixinStandardHelpOptions = true,
            description = {
                "Sessions in pool mode turn that say something now and then: how many upstream sessions they need, what each",
                "costs in memory, how long answers take, and whether every answer is its asker's.",
                "Takes five minutes. The broker is a process of its own, with everything on."
            },
            footer = {"", "Examples:", "  parley bench turns", "  parley bench turns --sessions 500 --interval 5"})
    static final class Turns extends Benchmark {
        @Option(
                names = "--sessions",
                paramLabel = "N",
                defaultValue = "10000",
                description = "Default: ${DEFAULT-VALUE}.")
        private int sessions;

        @Option(
                names = "--interval",
                paramLabel = "SECONDS",
                defaultValue = "60",
                description = "Between two responses of a session. Default: ${DEFAULT-VALUE}.")
        private int intervalSeconds;

        @Option(
                names = "--rounds",
                paramLabel = "N",
                defaultValue = "2",
                description = "Responses of each session. Default: ${DEFAULT-VALUE}.")
        private int rounds;

        @Override
        void measure(PrintStream out) throws BenchException {
            TurnBench.run(new TurnBench.Options(sessions, intervalSeconds, rounds), out);
        }
    }

    /** {@code parley bench uploads}. */
    @Command(
            name = "uploads",
            mixinStandardHelpOptions = true,
            description = {
                "Files of 25 MB that are transcribed all at once: by how much the broker's memory grows. About half a",
                "minute."
            })
    static final class Uploads extends Benchmark {
        @Option(names = "--files", paramLabel = "N", defaultValue = "40", description = "How many. Default: 40.")
        private int files;

        @Override
        void measure(PrintStream out) throws BenchException {
            UploadBench.run(files, out);
        }
    }

    /** A benchmark that prints what it finds. */
    abstract static class Benchmark implements Callable<Integer> {
        abstract void measure(PrintStream out) throws BenchException;

        @Override
        public final Integer call() throws CommandFailure {
            try {
                measure(System.out);
                return 0;
            } catch (BenchException e) {
                throw new CommandFailure(String.valueOf(e.getMessage()));
            }
        }
    }
}
