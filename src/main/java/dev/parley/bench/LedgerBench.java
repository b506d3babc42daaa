package dev.parley.bench;

import dev.parley.cluster.NodeStore.Description;
import dev.parley.concurrent.Ticker;
import dev.parley.config.DatabaseConfig;
import dev.parley.domain.Charge;
import dev.parley.domain.ModelName;
import dev.parley.domain.NanoUsd;
import dev.parley.domain.SessionId;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import dev.parley.domain.TokenUsage;
import dev.parley.ledger.EntryId;
import dev.parley.ledger.LedgerWriter;
import dev.parley.ledger.UsageEntry;
import dev.parley.ledger.UsageEntry.Kind;
import dev.parley.ledger.UsageEntry.Work;
import dev.parley.quota.GrantStore.Answer;
import dev.parley.quota.GrantStore.Ask;
import dev.parley.quota.LedgerPeriod;
import dev.parley.quota.Limit;
import dev.parley.quota.LimitPeriod;
import dev.parley.quota.Unit;
import dev.parley.store.Database;
import dev.parley.store.DatabaseServer;
import dev.parley.store.JdbcGrants;
import dev.parley.store.JdbcLedgerStore;
import dev.parley.store.JdbcNodes;
import dev.parley.store.Migrations;
import dev.parley.store.PlainInsert;
import io.vertx.core.Vertx;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Rows a second through the node's real ledger writer, beside JDBC's batched insert into a plain table, on an embedded
 * Postgres of its own (with fsync). Each entry is settled in a budget, and rows are written by one connection in both cases.
 * The two take turns; the medians and their ratio come last. Blocks.
 */
public final class LedgerBench {
    private static final int TENANTS = 8;
    private static final int BATCH = 500;
    private static final int PLACES = 10_000;
    private static final int SUBJECTS = 50;
    private static final long BUDGET = Long.MAX_VALUE / 4;

    private final Options options;
    private final PrintStream out;
    private final List<Double> plain = new ArrayList<>();
    private final List<Double> ledger = new ArrayList<>();
    private int made;

    private LedgerBench(Options options, PrintStream out) {
        this.options = options;
        this.out = out;
    }

    /**
     * How much.
     *
     * @param rounds in which both take their turn, after one that does not count
     * @param rows in each turn
     */
    public record Options(int rounds, int rows) {
        public static Options usual() {
            return new Options(5, 50_000);
        }

        /** For a look: a few seconds, and less to be trusted. */
        public static Options quick() {
            return new Options(1, 5_000);
        }
    }

    /** Runs everything and prints the figures. */
    public static void run(Options options, PrintStream out) throws BenchException {
        Path folder = BenchFolder.make();
        try {
            new LedgerBench(options, out).run(folder);
        } finally {
            BenchFolder.delete(folder);
        }
    }

    private void run(Path folder) throws BenchException {
        DatabaseConfig config = new DatabaseConfig(null, null, null, folder, 4, Duration.ofSeconds(5));
        Vertx vertx = Vertx.vertx();
        try (DatabaseServer server = DatabaseServer.open(config, DatabaseServer.Role.BROKER, out::println)) {
            Migrations.apply(server, out::println);
            try (Database database = Database.open(server, config)) {
                measure(vertx, database);
            }
        } finally {
            vertx.close().await();
        }
        print();
    }

    private void measure(Vertx vertx, Database database) throws BenchException {
        List<Charge> budgets = budgets(database);
        PlainInsert table = new PlainInsert(database);
        try (LedgerWriter writer = new LedgerWriter(vertx, new JdbcLedgerStore(database), PLACES, Ticker.SYSTEM)) {
            for (int round = 0; round <= options.rounds(); round++) {
                double plainly = perSecond(entries(budgets), entries -> insert(table, entries));
                long groups = writer.groups();
                double written = perSecond(entries(budgets), entries -> Producer.write(vertx, writer, entries));
                if (round == 0) {
                    continue; // warm-up
                }
                plain.add(plainly);
                ledger.add(written);
                out.printf(
                        Locale.ROOT,
                        "round %d: plain %,.0f rows/s in transactions of %d; ledger %,.0f rows/s in transactions of %d%n",
                        round,
                        plainly,
                        BATCH,
                        written,
                        options.rows() / Math.max(1, writer.groups() - groups));
            }
        }
    }

    private void print() {
        double plainly = median(plain);
        double written = median(ledger);
        out.printf(Locale.ROOT, "plain batched insert  %,10.0f rows/s%n", plainly);
        out.printf(Locale.ROOT, "ledger writer         %,10.0f rows/s%n", written);
        out.printf(Locale.ROOT, "ratio                 %10.2f%n", written / plainly);
    }

    private static void insert(PlainInsert table, List<UsageEntry> entries) {
        for (int from = 0; from < entries.size(); from += BATCH) {
            table.insert(entries.subList(from, Math.min(entries.size(), from + BATCH)));
        }
    }

    private interface Way {
        void write(List<UsageEntry> entries) throws BenchException;
    }

    private static double perSecond(List<UsageEntry> entries, Way way) throws BenchException {
        long from = System.nanoTime();
        way.write(entries);
        return entries.size() * 1e9 / (System.nanoTime() - from);
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
    }

    /** A hard budget for each tenant, as a node holds it. */
    private static List<Charge> budgets(Database database) {
        long epoch = new JdbcNodes(database)
                .register(new Description("bench", "127.0.0.1:0", "bench"), true)
                .orElseThrow()
                .epoch();
        Limit limit = new Limit("budget/bench", "bench", Unit.MONEY, LimitPeriod.TOTAL, null, BUDGET, true);
        List<Ask> asks = new ArrayList<>();
        for (int i = 0; i < TENANTS; i++) {
            asks.add(new Ask(new TenantId("tenant-" + i), limit, null, null, 0, 1, 1, BUDGET / 2, 0, 0, 0, false));
        }
        List<Answer> answers = new JdbcGrants(database).exchange(epoch, asks);
        return answers.stream()
                .map(answer -> new Charge(answer.balance(), answer.grant(), 0))
                .toList();
    }

    private List<UsageEntry> entries(List<Charge> budgets) {
        Instant now = Instant.now();
        List<UsageEntry> entries = new ArrayList<>(options.rows());
        for (int i = 0; i < options.rows(); i++) {
            entries.add(entry(made++, budgets, now));
        }
        return entries;
    }

    private static UsageEntry entry(int number, List<Charge> budgets, Instant now) {
        String upstream = "sess_" + number / 20;
        String reference = "resp_" + number;
        ModelName model = new ModelName("gpt-realtime");
        NanoUsd cost = new NanoUsd(7_184_800);
        Charge budget = budgets.get(number % TENANTS);
        return new UsageEntry(
                EntryId.of(upstream, Work.RESPONSE, reference),
                new TenantId("tenant-" + number % TENANTS),
                new SubjectId("subject-" + number % SUBJECTS),
                new SessionId("psn_" + number / 20),
                upstream,
                reference,
                Work.RESPONSE,
                Kind.USAGE,
                LedgerPeriod.of(now),
                "bench",
                "default",
                model,
                model,
                model,
                "completed",
                new TokenUsage(869, 42, 0, 832, 0, 0, 27, 77, 0),
                0,
                1,
                cost,
                now,
                now,
                List.of(new Charge(budget.balance(), budget.grant(), cost.value())));
    }
}
