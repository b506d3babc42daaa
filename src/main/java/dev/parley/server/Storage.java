package dev.parley.server;

import dev.parley.auth.IssuerDirectory;
import dev.parley.auth.MasterKey;
import dev.parley.auth.SecretBox;
import dev.parley.config.BrokerConfig;
import dev.parley.ledger.CurrentPrices;
import dev.parley.store.BudgetEvents;
import dev.parley.store.Database;
import dev.parley.store.DatabaseServer;
import dev.parley.store.JdbcAccounts;
import dev.parley.store.JdbcDeliveries;
import dev.parley.store.JdbcErrorRecorder;
import dev.parley.store.JdbcIssuers;
import dev.parley.store.JdbcPrices;
import dev.parley.store.JdbcTenants;
import dev.parley.store.Migrations;
import dev.parley.store.Progress;
import dev.parley.store.Rollups;
import dev.parley.store.Sealer;
import dev.parley.store.Upkeep;
import dev.parley.webhook.DeliveryStore;
import java.io.UncheckedIOException;
import java.util.Optional;

/**
 * The parts of a broker that stand on Postgres alone.
 *
 * @param control a pool for what must never wait behind the work of tenants: one connection for each thread of {@link Nodes}
 * @param operators a small pool for the admin plane, whose questions must not keep tenants waiting
 */
record Storage(
        DatabaseServer server,
        Database database,
        Database control,
        Database operators,
        JdbcTenants tenants,
        SecretBox masterKey,
        IssuerDirectory issuers,
        JdbcAccounts accounts,
        CurrentPrices prices,
        JdbcErrorRecorder errors,
        Sealer sealer,
        Rollups rollups,
        BudgetEvents budgets,
        DeliveryStore deliveries) {

    /** Opens the database, brings its schema up to date and starts what reads and tends it. Blocks. */
    static Storage open(BrokerConfig config, Parts parts, Readiness readiness, Progress progress)
            throws StartException {
        DatabaseServer server = DatabaseServer.open(config.database(), DatabaseServer.Role.BROKER, progress);
        parts.add("database server", server::close);
        Migrations.apply(server, progress);
        readiness.ask(Readiness.Condition.MIGRATIONS, Optional::empty);
        Database database = Database.open(server, config.database());
        parts.add("database", database::close);
        Database control = Database.open(server, config.database().withPoolSize(Nodes.THREADS));
        parts.add("control connections", control::close);
        Database operators = Database.open(server, config.database().withPoolSize(AdminPlane.CONNECTIONS));
        parts.add("connections of the admin plane", operators::close);
        Upkeep upkeep = new Upkeep(database);
        parts.add("upkeep", upkeep::close);
        Sealer sealer = new Sealer(control);
        parts.add("ledger sealer", sealer::close);
        Rollups rollups = new Rollups(control);
        parts.add("usage rollups", rollups::close);
        BudgetEvents budgets = new BudgetEvents(control);
        parts.add("budget events", budgets::close);
        CurrentPrices prices = new CurrentPrices(new JdbcPrices(database)::read);
        parts.add("prices", prices::close);
        JdbcErrorRecorder errors = new JdbcErrorRecorder(database);
        parts.add("error recorder", errors::close);
        SecretBox masterKey = masterKey(config);
        return new Storage(
                server,
                database,
                control,
                operators,
                new JdbcTenants(database),
                masterKey,
                new JdbcIssuers(database, masterKey),
                new JdbcAccounts(control, masterKey),
                prices,
                errors,
                sealer,
                rollups,
                budgets,
                new JdbcDeliveries(control, masterKey));
    }

    private static SecretBox masterKey(BrokerConfig config) throws StartException {
        try {
            return MasterKey.open(config.auth(), config.database().dataDir());
        } catch (IllegalStateException | UncheckedIOException e) {
            throw new StartException(e.getMessage(), e);
        }
    }
}
