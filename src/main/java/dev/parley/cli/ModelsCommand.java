package dev.parley.cli;

import dev.parley.cli.CommandAudit.Change;
import dev.parley.config.BrokerConfig;
import dev.parley.domain.ModelName;
import dev.parley.ledger.PriceBook.Known;
import dev.parley.ledger.PriceBook.PricedModel;
import dev.parley.ledger.PriceCatalogue;
import dev.parley.store.Database;
import dev.parley.store.JdbcCatalogue;
import dev.parley.store.JdbcPrices;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code parley models …}: the catalogue. */
@Command(
        name = "models",
        mixinStandardHelpOptions = true,
        description = {
            "Shows and changes the catalogue: models, their prices and shutdown dates, and other names for them.",
            "Brokers take a change within ten seconds."
        },
        subcommands = {
            ModelsCommand.ListAll.class,
            ModelsImport.class,
            ModelsCommand.Alias.class,
            ModelsCommand.Unalias.class
        },
        footer = {
            "",
            "Examples:",
            "  parley models list",
            "  parley models import model_prices_and_context_window.json",
            "  parley models alias gpt-4o-realtime-preview gpt-realtime-1.5"
        })
final class ModelsCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "which command? See 'parley models --help'.");
    }

    /** {@code models list}. */
    @Command(name = "list", mixinStandardHelpOptions = true, description = "Lists the models that are in force.")
    static final class ListAll extends DatabaseCommand {
        private static final String ROW = "%-32s %-14s %8s %10s  %s%n";

        @Override
        void run(Database database, BrokerConfig config) {
            PriceCatalogue catalogue = new JdbcPrices(database).read();
            out().printf(ROW, "MODEL", "KIND", "VERSION", "SHUTDOWN", "ALIASES");
            for (PricedModel model : catalogue.models(Instant.now())) {
                String shutdown = catalogue
                        .known(model.name())
                        .flatMap(Known::shutdown)
                        .map(at -> at.atOffset(ZoneOffset.UTC).toLocalDate().toString())
                        .orElse("-");
                String aliases = catalogue.aliasesOf(model.name()).stream()
                        .map(ModelName::value)
                        .sorted()
                        .collect(Collectors.joining(", "));
                out().printf(ROW, model.name(), model.kind().label(), model.priceVersion(), shutdown, aliases);
            }
        }
    }

    private static Change aliasing(String action, ModelName alias, Database database) {
        return new Change(action, "model/" + alias, () -> {
            ModelName model = new JdbcCatalogue(database).aliases().get(alias);
            return model == null
                    ? null
                    : new JsonObject().put("alias", alias.value()).put("model", model.value());
        });
    }

    /** {@code models alias}. */
    @Command(
            name = "alias",
            mixinStandardHelpOptions = true,
            description = {
                "Gives a model another name, under which clients may ask for it. It is priced as what it is.",
                "A tenant whose list has the other name may use the model."
            })
    static final class Alias extends DatabaseCommand {
        @Parameters(paramLabel = "ALIAS", description = "What clients say.")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private ModelName alias;

        @Parameters(paramLabel = "MODEL", description = "The model of the catalogue.")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private ModelName model;

        @Override
        Change change(Database database) {
            return aliasing("model.alias", alias, database);
        }

        @Override
        void run(Database database, BrokerConfig config) throws CommandFailure {
            if (alias.equals(model)
                    || new JdbcPrices(database)
                            .read()
                            .find(model, Instant.now())
                            .isEmpty()) {
                throw new CommandFailure(
                        "'" + model + "' is not another model that is in force: see 'parley models list'");
            }
            new JdbcCatalogue(database).alias(alias, model);
            out().println(alias + " is " + model + " now");
        }
    }

    /** {@code models unalias}. */
    @Command(name = "unalias", mixinStandardHelpOptions = true, description = "Takes another name away.")
    static final class Unalias extends DatabaseCommand {
        @Parameters(paramLabel = "ALIAS", description = "What clients say.")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private ModelName alias;

        @Override
        Change change(Database database) {
            return aliasing("model.unalias", alias, database);
        }

        @Override
        void run(Database database, BrokerConfig config) throws CommandFailure {
            if (!new JdbcCatalogue(database).removeAlias(alias)) {
                throw new CommandFailure("there is no alias '" + alias + "'");
            }
            out().println(alias + " is no alias any more");
        }
    }
}
