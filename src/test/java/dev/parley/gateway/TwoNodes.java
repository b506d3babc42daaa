package dev.parley.gateway;

import dev.parley.chaos.BrokerProcess;
import dev.parley.chaos.Metrics;
import dev.parley.concurrent.Eventually;
import dev.parley.config.ConfigLoader;
import dev.parley.domain.NanoUsd;
import dev.parley.server.Broker;
import dev.parley.server.BrokerTester;
import dev.parley.tenancy.Budget;
import dev.parley.tenancy.BudgetPeriod;
import dev.parley.tenancy.LimitName;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Two brokers on one database, with a provider that numbers its events. */
final class TwoNodes implements AutoCloseable {
    static final int DELTAS = 100;
    private static final int SESSIONS_MAX = 100;
    private static final NanoUsd BUDGET = NanoUsd.ofUsd("1000");

    final NumberedUpstream upstream;
    final BrokerTester tester;
    private final Vertx vertx = Vertx.vertx();
    private final HttpClient http = HttpClient.newHttpClient();
    private final Broker second;

    TwoNodes() throws Exception {
        upstream = new NumberedUpstream(vertx, DELTAS);
        tester = BrokerTester.start(Map.of(
                "PARLEY_NODE_NAME",
                "first",
                "PARLEY_UPSTREAM_URL",
                upstream.url().toString(),
                "PARLEY_POOL_WARM_MAX", // so that no upstream session is open without one of ours
                "0"));
        tester.tenants() // so that the next session may begin before the last one's end is counted, and for long runs
                .change(
                        BrokerTester.DEMO,
                        demo -> demo.withOwn(demo.own()
                                .with(LimitName.SESSIONS_MAX, SESSIONS_MAX)
                                .with(Budget.ofMoney(Budget.MAIN, BUDGET, BudgetPeriod.DAY))));
        second = another("second");
    }

    /** Starts one more, to be closed by the caller. */
    Broker another(String name) throws Exception {
        Map<String, String> settings = new HashMap<>(tester.settings());
        settings.put("PARLEY_NODE_NAME", name);
        return Broker.start(ConfigLoader.load(null, settings).config(), _ -> {});
    }

    /** Starts one more as a process of its own, to be closed by the caller. */
    BrokerProcess process(String name, Path folder) throws IOException {
        Map<String, String> settings = new HashMap<>(tester.settings());
        settings.put("PARLEY_NODE_NAME", name);
        settings.put("PARLEY_NODE_DEMO", "false");
        settings.keySet().removeAll(List.of("PARLEY_HTTP_PORT", "PARLEY_ADMIN_PORT"));
        return new BrokerProcess(folder, settings);
    }

    HttpClient http() {
        return http;
    }

    URI first() {
        return tester.url();
    }

    URI second() {
        return url(second.tenantPort());
    }

    static URI url(int tenantPort) {
        return URI.create("ws://127.0.0.1:" + tenantPort + "/v1");
    }

    DroppingClient client(URI base, String subject) throws Exception {
        return new DroppingClient(base, tester.token(subject));
    }

    /** The other nodes can find the client's session. */
    void awaitKnown(DroppingClient client) {
        Eventually.holds(
                "it is known where the session is",
                () -> tester.database()
                        .query("select count(*) from live_session where known_as = '" + client.session() + "'")
                        .equals("1"));
    }

    /** All sessions have ended, and nothing of them is left on either node, in the database, or at the provider. */
    void assertNothingLeft() {
        Eventually.holds(
                "no session counts any more",
                () -> tester.database()
                        .query("select count(*) from live_session")
                        .equals("0"));
        Eventually.holds("no upstream session is open", () -> upstream.open() == 0);
        for (Broker broker : List.of(tester.broker(), second)) {
            for (String gauge : List.of(
                    "parley_sessions",
                    "parley_sessions_parked",
                    "parley_passages",
                    "parley_backlog_bytes",
                    "parley_upstream_sessions",
                    "parley_ledger_places",
                    "parley_relay_held_bytes")) {
                Eventually.holds(gauge + " is 0", () -> Metrics.read(broker.adminPort(), gauge) == 0);
            }
        }
        Eventually.holds(
                "nothing is reserved",
                () -> tester.database()
                        .query("select coalesce(sum(reserved), 0) from budget_grant where state = 'open'")
                        .equals("0"));
    }

    @Override
    public void close() throws IOException {
        second.close();
        tester.close();
        Eventually.result(vertx.close());
    }
}
