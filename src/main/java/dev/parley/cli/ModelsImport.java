package dev.parley.cli;

import dev.parley.cli.CommandAudit.Change;
import dev.parley.config.BrokerConfig;
import dev.parley.domain.ModelName;
import dev.parley.domain.NanoUsd;
import dev.parley.ledger.PriceCatalogue;
import dev.parley.ledger.PriceChange;
import dev.parley.ledger.PriceFile;
import dev.parley.ledger.PriceOffer.PriceClass;
import dev.parley.store.Database;
import dev.parley.store.JdbcCatalogue;
import dev.parley.store.JdbcPrices;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.Scanner;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code models import}. */
@Command(
        name = "import",
        mixinStandardHelpOptions = true,
        description = {
            "Reads a price file in LiteLLM's format, shows where it differs from the catalogue, and takes it over when you say",
            "so: new models, new versions of prices (what was used before keeps its price), shutdown dates. What the file",
            "does not tell stays as it is. Look at the differences: such files have been wrong."
        },
        footer = {
            "",
            "Examples:",
            "  parley models import model_prices_and_context_window.json",
            "  parley models import prices.json --only gpt-realtime-2.1 --yes"
        })
final class ModelsImport extends DatabaseCommand {
    private static final int TOKENS = 1_000_000;

    @Parameters(paramLabel = "FILE", description = "The price file.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path file;

    @Option(names = "--only", paramLabel = "MODEL", description = "Only this model; can be repeated. Default: all.")
    private @Nullable Set<ModelName> only;

    @Option(names = "--yes", description = "Do not ask.")
    private boolean yes;

    @Override
    void run(Database database, BrokerConfig settings) throws Exception {
        PriceFile prices = read();
        PriceCatalogue catalogue = new JdbcPrices(database).read();
        List<PriceChange> changes = prices.offers().stream()
                .filter(offer -> only == null || only.contains(offer.name()))
                .map(offer -> PriceChange.of(offer, catalogue))
                .filter(PriceChange::changes)
                .toList();
        changes.forEach(this::show);
        prices.unusable().forEach(problem -> out().println("left out: " + problem));
        out().println(prices.offers().size() + " models read, " + changes.size() + " differ; " + prices.skipped()
                + " of other kinds and providers left out");
        if (changes.isEmpty()) {
            return;
        }
        confirm(changes.size());
        CommandAudit.audited(
                database,
                new Change("model.import", "model/*", () -> prices(database, changes)),
                () -> new JdbcCatalogue(database).apply(changes, Instant.now()));
        out().println(changes.size() + " models changed");
    }

    /** What the models cost now that are to be changed. */
    private static JsonObject prices(Database database, List<PriceChange> changes) {
        PriceCatalogue now = new JdbcPrices(database).read();
        JsonObject prices = new JsonObject();
        changes.forEach(change -> now.find(change.offer().name(), Instant.now()).ifPresent(model -> {
            JsonObject price = new JsonObject().put("version", model.priceVersion());
            for (PriceClass one : PriceClass.values()) {
                price.put(one.name().toLowerCase(Locale.ROOT) + "_nano", one.of(model.rates()));
            }
            prices.put(model.name().value(), price);
        }));
        return prices;
    }

    private PriceFile read() throws CommandFailure, IOException {
        try {
            return PriceFile.read(Files.readAllBytes(file));
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(file + ": " + e.getMessage());
        }
    }

    private void show(PriceChange change) {
        out().println(change.offer().name() + (change.isNew() ? " (new, " + kind(change) + ")" : ""));
        for (PriceChange.Difference difference : change.differences()) {
            out().printf(
                            "  %-14s %14s -> %-14s%n",
                            difference.of().name().toLowerCase(Locale.ROOT),
                            change.isNew() ? "-" : price(difference.of(), difference.before()),
                            price(difference.of(), difference.after()));
        }
        Instant shutdown = change.shutdownAt();
        if (change.shutdownMoves() && shutdown != null) {
            out().println("  shutdown on " + shutdown.atOffset(ZoneOffset.UTC).toLocalDate());
        }
    }

    private static String kind(PriceChange change) {
        return change.offer().kind().label();
    }

    private static String price(PriceClass of, long nano) {
        return of == PriceClass.MINUTE ? new NanoUsd(nano) + "/min" : new NanoUsd(nano).times(TOKENS) + "/M";
    }

    private void confirm(int changes) throws CommandFailure {
        if (yes) {
            return;
        }
        out().print("change " + changes + " models? [y/N] ");
        out().flush();
        Scanner answer = new Scanner(System.in, Charset.defaultCharset());
        if (!answer.hasNextLine() || !answer.nextLine().strip().equalsIgnoreCase("y")) {
            throw new CommandFailure("nothing was changed");
        }
    }
}
