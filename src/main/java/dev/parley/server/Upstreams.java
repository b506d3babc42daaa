package dev.parley.server;

import dev.parley.concurrent.Ticker;
import dev.parley.config.AccountConfig;
import dev.parley.config.BrokerConfig;
import dev.parley.config.Secret;
import dev.parley.pool.SessionPool;
import dev.parley.relay.Legs;
import dev.parley.relay.RelayLimits;
import dev.parley.simulator.Simulator;
import dev.parley.simulator.SimulatorOptions;
import dev.parley.store.JdbcAccounts;
import dev.parley.telemetry.Meters;
import dev.parley.upstream.Account;
import dev.parley.upstream.AccountClient;
import dev.parley.upstream.Accounts;
import dev.parley.upstream.Breaker;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The way to the provider, or to the built-in simulator when the settings name none. */
final class Upstreams {
    private static final Logger LOGGER = LoggerFactory.getLogger(Upstreams.class);

    private static final String SIMULATOR = "simulator";

    private final Accounts accounts;
    private final SessionPool pool;

    private Upstreams(Accounts accounts, SessionPool pool) {
        this.accounts = accounts;
        this.pool = pool;
    }

    /** Blocks. */
    static Upstreams start(Vertx vertx, BrokerConfig config, Legs legs, JdbcAccounts stored, Meters meters, Parts parts)
            throws StartException {
        RelayLimits limits = AccountClient.limits(config.relay());
        Accounts accounts = new Accounts(
                account -> new AccountClient(vertx, account, config.upstream().connectTimeout(), limits, legs),
                () -> new Breaker(new SplittableRandom()));
        parts.add("upstream accounts", accounts::close);
        follow(accounts, config, stored, parts);
        accounts.all().forEach(Upstreams::announce);
        SessionPool pool = new SessionPool(vertx, config.pool(), accounts, new MeteredPool(meters), Ticker.SYSTEM);
        parts.add("upstream pool", () -> Waiting.forStop(pool.close()));
        Waiting.forStart("starting the upstream pool", pool.start(Loops.number(config.relay())));
        return new Upstreams(accounts, pool);
    }

    Accounts accounts() {
        return accounts;
    }

    SessionPool pool() {
        return pool;
    }

    /**
     * Those of the settings and of the database; the simulator where there is neither, or where it is asked for. Never in the
     * place of accounts that cannot be used now: their clients would be answered by no model, and charged for it.
     */
    private static void follow(Accounts accounts, BrokerConfig config, JdbcAccounts stored, Parts parts)
            throws StartException {
        List<AccountConfig> configured = config.upstream().accounts();
        JdbcAccounts.State first = stored.read();
        if (config.upstream().simulator() || (configured.isEmpty() && first.none())) {
            accounts.follow(List.of(simulated(config, parts)), Set.of());
        } else {
            FollowedAccounts followed = new FollowedAccounts(accounts, configured, first, stored::read);
            parts.add("following upstream accounts", followed::close);
        }
    }

    private static AccountConfig simulated(BrokerConfig config, Parts parts) throws StartException {
        return AccountConfig.of(
                SIMULATOR,
                startSimulator(parts),
                new Secret("simulator"),
                config.upstream().sessionsMax());
    }

    /** For people: the only account's address, or the accounts' names. */
    String describe() {
        List<Account> all = accounts.all();
        if (all.isEmpty()) {
            return "no account that can be used now";
        }
        if (all.size() != 1) {
            return all.stream().map(Account::name).collect(Collectors.joining(", ", "accounts ", ""));
        }
        return all.getFirst().name().equals(SIMULATOR)
                ? "the built-in simulator (set OPENAI_API_KEY for the real provider)"
                : all.getFirst().config().url().toString();
    }

    private static void announce(Account account) {
        URI url = account.config().url();
        warnOfPlainText(url);
        LOGGER.atInfo()
                .addKeyValue("account", account.name())
                .addKeyValue("url", url)
                .log("upstream");
    }

    /** On event loops of its own, so that what it does never counts as the broker's. */
    private static URI startSimulator(Parts parts) throws StartException {
        Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));
        parts.add("simulator", () -> Waiting.forStop(vertx.close()));
        return Waiting.forStart("starting the simulator", Simulator.start(vertx, SimulatorOptions.DEFAULT))
                .url();
    }

    private static void warnOfPlainText(URI url) {
        try {
            if (url.getScheme().equals("ws")
                    && !InetAddress.getByName(url.getHost()).isLoopbackAddress()) {
                LOGGER.atWarn()
                        .addKeyValue("url", url)
                        .log("the upstream's key and all audio travel unencrypted: use wss");
            }
        } catch (UnknownHostException e) {
            LOGGER.atWarn().addKeyValue("url", url).log("the upstream's host has no address now");
        }
    }
}
