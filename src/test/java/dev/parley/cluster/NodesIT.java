package dev.parley.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.cluster.CommandStore.Kind;
import dev.parley.concurrent.Eventually;
import dev.parley.config.ConfigLoader;
import dev.parley.domain.TenantId;
import dev.parley.gateway.WireClient;
import dev.parley.server.Broker;
import dev.parley.server.BrokerTester;
import dev.parley.simulator.Script;
import dev.parley.store.JdbcCommands;
import dev.parley.store.JdbcSessions;
import dev.parley.store.JdbcSessions.SessionRow;
import dev.parley.tenancy.LimitName;
import dev.parley.tenancy.Tenant;
import dev.parley.tenancy.TenantStatus;
import io.vertx.core.Vertx;
import io.vertx.core.http.UpgradeRejectedException;
import io.vertx.core.http.WebSocketConnectOptions;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two whole brokers on one database: what the one does, the other knows. */
class NodesIT {
    private static final TenantId ACME = new TenantId("acme");
    private static final Vertx VERTX = Vertx.vertx();
    private static BrokerTester tester;
    private static Broker second;

    @BeforeAll
    static void start() throws Exception {
        tester = BrokerTester.start(Map.of("PARLEY_NODE_NAME", "first", "PARLEY_POOL_WARM_MAX", "0"));
        second = Broker.start(ConfigLoader.load(null, named("second")).config(), _ -> {});
        tester.tenant(demo -> acme(demo, 3, TenantStatus.ACTIVE));
    }

    @AfterAll
    static void stop() throws Exception {
        second.close();
        tester.close();
        Eventually.result(VERTX.close());
    }

    @BeforeEach
    void nobodyIsLeft() {
        tester.tenants().change(ACME, old -> acme(old, 3, TenantStatus.ACTIVE));
        refresh();
        awaitSessions(0);
    }

    @Test
    void sessionsAtOnceAreCountedOverAllNodes() throws Exception {
        WireClient one = connect(tester.broker());
        WireClient two = connect(tester.broker());
        WireClient three = connect(second);

        assertRefused(429, () -> connect(tester.broker()));
        assertRefused(429, () -> connect(second));
        assertThat(tester.database().query("select open from session_count where tenant_id = 'acme'"))
                .isEqualTo("3");
        assertThat(tester.database().query("select string_agg(node, ' ' order by node) from live_session"))
                .isEqualTo("first first second");

        one.close();
        Eventually.holds("a place is free", () -> sessions().size() == 2);
        WireClient four = connect(second);
        for (WireClient client : List.of(two, three, four)) {
            client.close();
        }
        awaitSessions(0);
    }

    @Test
    void aSuspendedTenantsSessionsEndOnEveryNode() throws Exception {
        WireClient here = connect(tester.broker());
        WireClient there = connect(second);

        long from = System.nanoTime();
        tester.tenants().suspend(ACME);

        assertThat(here.closeCode()).isEqualTo(4403);
        assertThat(there.closeCode()).isEqualTo(4403);
        print("suspension, until both clients are told", from);
        assertRefused(403, () -> connect(tester.broker()));
        assertRefused(403, () -> connect(second));
    }

    @Test
    void aRaisedLimitActsOnNewSessions() throws Exception {
        tester.tenants().change(ACME, old -> acme(old, 1, TenantStatus.ACTIVE));
        refresh();
        WireClient only = connect(second);
        assertRefused(429, () -> connect(tester.broker()));

        tester.tenants().change(ACME, old -> acme(old, 2, TenantStatus.ACTIVE));

        long from = System.nanoTime();
        List<WireClient> more = new ArrayList<>();
        Eventually.holds("the limit is known", () -> {
            try {
                return more.add(connect(tester.broker()));
            } catch (Exception refused) {
                return false;
            }
        });
        print("a raised limit, until it lets a session in", from);
        only.close();
        more.getFirst().close();
        awaitSessions(0);
    }

    @Test
    void aSessionIsEndedOnWhicheverNodeItIs() throws Exception {
        WireClient client = connect(second);
        SessionRow session = sessions().getFirst();
        JdbcCommands commands = new JdbcCommands(tester.database().database());

        long from = System.nanoTime();
        long command = commands.send(
                        session.epoch(), Kind.END_SESSION, session.session().value())
                .orElseThrow();

        assertThat(client.closeCode()).isEqualTo(4403);
        print("end of a session by a command", from);
        Eventually.holds("it is answered", () -> commands.result(command).isPresent());
        assertThat(commands.result(command)).contains(Commands.DONE);
        awaitSessions(0);
    }

    @Test
    void aSessionIsEndedThoughTheDoorbellIsNotHeard() throws Exception {
        WireClient client = connect(second);
        SessionRow session = sessions().getFirst();

        long from = System.nanoTime();
        tester.database()
                .execute("insert into node_command (node, epoch, kind, argument) values ('second', " + session.epoch()
                        + ", 'end_session', '" + session.session() + "')");

        assertThat(client.closeCode()).isEqualTo(4403);
        print("end of a session by a command without NOTIFY", from);
        awaitSessions(0);
    }

    @Test
    void aSessionThatIsNotThereIsAnsweredSo() {
        JdbcCommands commands = new JdbcCommands(tester.database().database());
        long command =
                commands.send(epoch("first"), Kind.END_SESSION, "psn_nobody").orElseThrow();

        Eventually.holds("it is answered", () -> commands.result(command).isPresent());
        assertThat(commands.result(command)).contains("this node has no such session");
    }

    @Test
    void aFencedNodeEndsItsSessionsAndRegistersAnew() throws Exception {
        WireClient fenced = connect(second);
        WireClient other = connect(tester.broker());
        long before = epoch("second");

        tester.database().execute("select end_node(" + before + ", 'late')");

        assertThat(fenced.closeCode()).isEqualTo(1012);
        Eventually.holds("it has registered anew", () -> epochs("second") == 1 && epoch("second") > before);
        assertThat(sessions()).extracting(SessionRow::node).containsExactly("first");
        WireClient again = connect(second);
        other.close();
        again.close();
        awaitSessions(0);
    }

    @Test
    void aDrainedNodeIsLeftByItsSessionsAndGoesOnLiving() throws Exception {
        Broker third = Broker.start(ConfigLoader.load(null, named("third")).config(), _ -> {});
        try {
            tester.simulator().scripts().next(1, Script.parse("{\"generationDelayMillis\":1500}"));
            WireClient speaking = connect(third);
            speaking.send("{\"type\":\"response.create\",\"response\":{\"output_modalities\":[\"text\"]}}");
            speaking.await("response.created");
            WireClient idle = connect(third);

            new JdbcCommands(tester.database().database()).send(epoch("third"), Kind.DRAIN, null);

            assertThat(idle.closeCode()).isEqualTo(1012);
            assertRefused(503, () -> connect(third));
            assertThat(speaking.await("response.done").at("/response/status").asText())
                    .isEqualTo("completed");
            assertThat(speaking.closeCode()).isEqualTo(1012);
            awaitSessions(0);
            assertThat(ready(third)).contains("draining");
            assertThat(tester.database().query("select draining and ended_at is null from node where name = 'third'"))
                    .isEqualTo("t");
        } finally {
            third.close();
        }
        assertThat(tester.database().query("select end_reason from node where name = 'third'"))
                .isEqualTo("stopped");
    }

    /** As {@code parley node refresh} does. */
    private static void refresh() {
        JdbcCommands commands = new JdbcCommands(tester.database().database());
        for (String node : List.of("first", "second")) {
            long command = commands.send(epoch(node), Kind.REFRESH_TENANT, ACME.value())
                    .orElseThrow();
            Eventually.holds("it is answered", () -> commands.result(command).isPresent());
        }
    }

    private static List<SessionRow> sessions() {
        return new JdbcSessions(tester.database().database()).list(null, 100);
    }

    private static void awaitSessions(int number) {
        Eventually.holds(number + " sessions are left", () -> sessions().size() == number);
        assertThat(tester.database().query("select coalesce(sum(open), 0) from session_count"))
                .isEqualTo(Integer.toString(number));
    }

    private static long epoch(String node) {
        return Long.parseLong(
                tester.database().query("select coalesce(max(epoch), 0) from node where name = '" + node + "'"));
    }

    private static int epochs(String node) {
        return Integer.parseInt(
                tester.database().query("select count(*) from node where ended_at is null and name = '" + node + "'"));
    }

    private static WireClient connect(Broker broker) throws Exception {
        return WireClient.connect(
                VERTX,
                new WebSocketConnectOptions()
                        .setHost("127.0.0.1")
                        .setPort(broker.tenantPort())
                        .setURI("/v1/realtime?model=gpt-realtime-2.1")
                        .putHeader("Authorization", "Bearer " + tester.token(ACME, "alice")));
    }

    private static void assertRefused(int status, ThrowingCallable connecting) {
        assertThatThrownBy(connecting)
                .rootCause()
                .isInstanceOfSatisfying(
                        UpgradeRejectedException.class,
                        rejected -> assertThat(rejected.getStatus()).isEqualTo(status));
    }

    private static String ready(Broker broker) throws Exception {
        try (HttpClient http = HttpClient.newHttpClient()) {
            URI uri = URI.create("http://127.0.0.1:" + broker.adminPort() + "/health/ready");
            return new JsonObject(http.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
                            .body())
                    .encode();
        }
    }

    private static Map<String, String> named(String name) {
        Map<String, String> settings = new HashMap<>(tester.settings());
        settings.put("PARLEY_NODE_NAME", name);
        settings.put("PARLEY_NODE_DEMO", "false");
        return settings;
    }

    private static Tenant acme(Tenant like, int sessionsMax, TenantStatus status) {
        return Tenant.of(ACME, "Acme", like.own().with(LimitName.SESSIONS_MAX, sessionsMax))
                .withStatus(status);
    }

    private static void print(String what, long fromNanos) {
        System.out.printf("%s: %d ms%n", what, (System.nanoTime() - fromNanos) / 1_000_000);
    }
}
