package dev.parley.cli;

import dev.parley.config.BrokerConfig;
import dev.parley.store.DatabaseServer;
import dev.parley.store.Migrations;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code parley migrate}. */
@Command(
        name = "migrate",
        mixinStandardHelpOptions = true,
        description = {
            "Brings the database schema up to date.",
            "'serve' does so too at its start; this command is for those who do it apart, with other credentials.",
            "Works beside running brokers, and on the embedded database too."
        },
        footer = {
            "",
            "Examples:",
            "  parley migrate",
            "  PARLEY_DATABASE_URL=postgresql://owner@db/parley PARLEY_DATABASE_PASSWORD=... parley migrate"
        })
final class MigrateCommand implements Callable<Integer> {
    @Mixin
    private ConfigOption config = new ConfigOption();

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        BrokerConfig settings = config.load().config();
        PrintWriter err = spec.commandLine().getErr();
        try (DatabaseServer server =
                DatabaseServer.open(settings.database(), DatabaseServer.Role.COMMAND, err::println)) {
            int applied = Migrations.apply(server, err::println);
            spec.commandLine().getOut().println(applied == 0 ? "the schema is up to date" : "applied " + applied);
        }
        return 0;
    }
}
