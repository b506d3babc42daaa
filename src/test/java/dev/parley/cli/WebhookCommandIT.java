package dev.parley.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.store.TestDatabase;
import dev.parley.webhook.Receiver;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code parley webhook …}, beside a database without a broker. */
class WebhookCommandIT {
    private final Vertx vertx = Vertx.vertx();
    private final TestDatabase database = TestDatabase.create();
    private final Receiver receiver = new Receiver(vertx);

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    @BeforeEach
    void acme() {
        database.execute("insert into tenant (id, name) values ('acme', 'Acme')");
    }

    @AfterEach
    void close() throws Exception {
        receiver.close();
        vertx.close().await(10, TimeUnit.SECONDS);
        database.close();
    }

    @Test
    void aWebhookIsAddedTriedListedAndRemoved() throws Exception {
        String url = receiver.url().uri().toString();
        JsonObject added =
                new JsonObject(run("add", url, "--tenant", "acme", "--json").out());
        String id = added.getString("id");
        String secret = added.getString("secret");

        assertThat(run("test", id).out()).isEqualTo("the receiver answered 204");
        assertThat(receiver.received()).hasSize(1).allMatch(request -> request.isSignedWith(secret));
        assertThat(receiver.received().getFirst().json().getString("type")).isEqualTo("webhook.test");
        receiver.answer(Receiver.status(500));
        Run failing = run("test", id);
        assertThat(failing.code()).isEqualTo(1);
        assertThat(failing.err()).isEqualTo("parley: the receiver answered 500");

        Run list = run("list", "--json");
        assertThat(list.out()).doesNotContain("hidden", secret);
        assertThat(new JsonArray(list.out()).getJsonObject(0).getString("tenant"))
                .isEqualTo("acme");
        assertThat(run("list").out())
                .contains(id, "acme", "enabled", "/hooks?…")
                .doesNotContain("hidden", secret);
        assertThat(run("disable", id).code()).isZero();
        assertThat(run("list").out()).contains("disabled");
        assertThat(run("enable", id).code()).isZero();
        assertThat(run("remove", id).out()).isEqualTo("removed webhook " + id);
        assertThat(run("remove", id).err()).startsWith("parley: there is no webhook '" + id + "'");
    }

    @Test
    void failedDeliveriesAreShownAndTriedAgain() throws Exception {
        String id =
                new JsonObject(run("add", "https://hooks.example/", "--json").out()).getString("id");
        database.execute("""
                insert into budget_event (tenant_id, budget, unit, period, threshold, spent, amount, hard, window_start)
                select 'acme', 'main', 'money', 'total', one, 5, 10, true, 'epoch' from unnest('{50,80}'::int[]) as one
                """);
        database.execute("""
                update webhook_delivery set attempts = 12, given_up_at = now(), last_error = 'the receiver answered 500'
                where event = (select min(id) from budget_event)
                """);

        assertThat(new JsonArray(run("deliveries", "--json").out())).hasSize(2);
        JsonArray failed = new JsonArray(run("deliveries", "--failed", "--json").out());
        assertThat(failed).hasSize(1);
        assertThat(failed.getJsonObject(0).getString("state")).isEqualTo("given_up");
        assertThat(run("deliveries", "--failed").out())
                .contains("acme/main 50%", "given_up", "the receiver answered 500")
                .doesNotContain("80%");
        long delivery = failed.getJsonObject(0).getLong("id");
        assertThat(run("retry", Long.toString(delivery)).out()).isEqualTo("delivery " + delivery + " is tried again");
        assertThat(database.query("select count(*) from webhook_delivery where attempts = 0 and given_up_at is null"))
                .isEqualTo("2");
        assertThat(run("retry", "--webhook", id).out()).isEqualTo("2 deliveries are tried again");
        assertThat(run("retry", "999999").err()).startsWith("parley: there is no delivery 999999");
    }

    @Test
    void refusesWhatCouldNotWorkAndDoesNotQuoteIt() throws Exception {
        assertThat(run("add", "https://user:hidden@hooks.example/").err())
                .contains("https://host[:port]/path[?query]")
                .doesNotContain("hidden@");
        assertThat(run("add", "https://hooks.example/", "--tenant", "nobody").err())
                .startsWith("parley: there is no tenant 'nobody'");
        assertThat(run("test", "7").code()).isEqualTo(2);
        Files.writeString(
                settings(), Files.readString(settings()).replace("allow-loopback: true", "allow-loopback: false"));
        assertThat(run("add", "http://127.0.0.1:1/").err()).startsWith("parley: a webhook's URL is https");
    }

    private record Run(int code, String out, String err) {}

    private Run run(String... arguments) throws IOException {
        if (!Files.exists(settings())) {
            Files.writeString(
                    settings(),
                    "data-dir: %s%ndatabase:%n  url: %s%nwebhooks:%n  allow-loopback: true%n"
                            .formatted(folder, database.url()));
        }
        List<String> all = new ArrayList<>(List.of("webhook"));
        all.addAll(List.of(arguments));
        all.addAll(List.of("--config", settings().toString()));
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = Main.commandLine()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(all.toArray(String[]::new));
        return new Run(code, out.toString().strip(), err.toString().strip());
    }

    private Path settings() {
        return folder.resolve("parley.yaml");
    }
}
