package dev.parley.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The root: does nothing by itself. */
@Command(
        name = "parley",
        mixinStandardHelpOptions = true,
        versionProvider = ParleyCommand.Version.class,
        description = "A multi-tenant broker for the OpenAI Realtime API.",
        subcommands = {
            ServeCommand.class,
            MigrateCommand.class,
            TokenCommand.class,
            TenantCommand.class,
            PlanCommand.class,
            BudgetCommand.class,
            WebhookCommand.class,
            NodeCommand.class,
            SessionCommand.class,
            AccountCommand.class,
            ModelsCommand.class,
            BillingCommand.class,
            AuditCommand.class,
            AdministratorCommand.class,
            SimulatorCommand.class,
            BenchCommand.class,
            HelpCommand.class
        },
        footer = {
            "",
            "Examples:",
            "  parley serve                                     run a broker with the embedded database",
            "  parley token --tenant demo --subject alice       a token for a client",
            "  parley serve --help                              all options of a command",
            "",
            "Exit codes: 0 done, 1 failed (the reason is on stderr), 2 wrong usage."
        })
final class ParleyCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "which command? See 'parley --help'.");
    }

    /** The version of the jar; a build from the sources has none. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Main.class.getPackage().getImplementationVersion();
            return new String[] {
                "parley " + (version == null ? "(from sources)" : version) + ", Java " + Runtime.version()
            };
        }
    }
}
