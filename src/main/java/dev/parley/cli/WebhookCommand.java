package dev.parley.cli;

import dev.parley.auth.SecretBox;
import dev.parley.cli.CommandAudit.Change;
import dev.parley.concurrent.Ticker;
import dev.parley.config.BrokerConfig;
import dev.parley.domain.TenantId;
import dev.parley.store.Database;
import dev.parley.store.JdbcTenants;
import dev.parley.store.JdbcWebhooks;
import dev.parley.webhook.Answer;
import dev.parley.webhook.Message;
import dev.parley.webhook.Sender;
import dev.parley.webhook.SigningSecret;
import dev.parley.webhook.WebhookId;
import dev.parley.webhook.WebhookRegister.Target;
import dev.parley.webhook.WebhookRegister.Webhook;
import dev.parley.webhook.WebhookUrl;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code parley webhook …}: where events are sent. */
@Command(
        name = "webhook",
        mixinStandardHelpOptions = true,
        description = {
            "Sends events, such as a budget that has passed a threshold, to URLs of your choice.",
            "Each is a signed POST (standardwebhooks.com), tried again for a day until it is answered with 2xx."
        },
        subcommands = {
            WebhookCommand.Add.class,
            WebhookCommand.ListAll.class,
            WebhookCommand.Remove.class,
            WebhookCommand.Enable.class,
            WebhookCommand.Disable.class,
            WebhookCommand.Test.class,
            WebhookDeliveries.Show.class,
            WebhookDeliveries.Retry.class
        },
        footer = {
            "",
            "Examples:",
            "  parley webhook add https://hooks.example.com/parley               events of all tenants",
            "  parley webhook add https://acme.example/hooks --tenant acme",
            "  parley webhook test wh_…",
            "  parley webhook deliveries --failed",
            "  parley webhook retry --webhook wh_…"
        })
final class WebhookCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "which command? See 'parley webhook --help'.");
    }

    static CommandFailure unknown(WebhookId webhook) {
        return new CommandFailure("there is no webhook '" + webhook + "': see 'parley webhook list'");
    }

    /** {@code webhook add}. */
    @Command(
            name = "add",
            mixinStandardHelpOptions = true,
            description = {
                "Adds a webhook, and prints the secret that signs its messages: only now, so keep it.",
                "The URL is https, at a public address; webhooks.allow-loopback allows http://127.0.0.1:… too."
            })
    static final class Add extends DatabaseCommand {
        @Parameters(paramLabel = "URL", description = "Where to POST to.")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private WebhookUrl url;

        @Override
        Change change(Database database) {
            return new Change("webhook.add", tenant == null ? "webhook" : "tenant/" + tenant, () -> null);
        }

        @Option(names = "--tenant", paramLabel = "TENANT", description = "Only events of this tenant.")
        private @Nullable TenantId tenant;

        @Option(names = "--json", description = "Print a JSON object.")
        private boolean json;

        @Override
        void run(Database database, BrokerConfig settings) throws CommandFailure {
            try {
                url.checked(settings.webhooks().allowLoopback());
            } catch (IllegalArgumentException refused) {
                throw new CommandFailure(String.valueOf(refused.getMessage()));
            }
            if (tenant != null && new JdbcTenants(database).find(tenant).isEmpty()) {
                throw TenantFailures.unknown(tenant);
            }
            SigningSecret secret = SigningSecret.random();
            WebhookId id = new JdbcWebhooks(database, secretBox(settings)).add(tenant, url, secret);
            if (json) {
                out().println(new JsonObject()
                        .put("id", id.value())
                        .put("secret", secret.reveal())
                        .encodePrettily());
            } else {
                out().println("added webhook " + id + "\nsecret " + secret.reveal());
            }
        }
    }

    /** {@code webhook list}. */
    @Command(
            name = "list",
            mixinStandardHelpOptions = true,
            description = "Lists all webhooks; never a secret, and of URLs not the query.")
    static final class ListAll extends DatabaseCommand {
        private static final String ROW = "%-25s %-16s %-9s %8s %8s  %s";

        @Option(names = "--json", description = "Print a JSON array.")
        private boolean json;

        @Override
        void run(Database database, BrokerConfig settings) throws CommandFailure {
            List<Webhook> webhooks = new JdbcWebhooks(database, secretBox(settings)).list();
            if (json) {
                JsonArray array = new JsonArray();
                webhooks.forEach(webhook -> array.add(view(webhook)));
                out().println(array.encodePrettily());
                return;
            }
            out().println(ROW.formatted("WEBHOOK", "TENANT", "STATE", "FAILURES", "WAITING", "URL"));
            webhooks.forEach(webhook -> out().println(ROW.formatted(
                    webhook.id(),
                    webhook.tenant() == null ? "all" : webhook.tenant(),
                    webhook.enabled() ? "enabled" : "disabled",
                    webhook.failures(),
                    webhook.waiting(),
                    webhook.url())));
        }

        private static JsonObject view(Webhook webhook) {
            TenantId tenant = webhook.tenant();
            return new JsonObject()
                    .put("id", webhook.id().value())
                    .put("tenant", tenant == null ? null : tenant.value())
                    .put("url", webhook.url().toString())
                    .put("enabled", webhook.enabled())
                    .put("failures", webhook.failures())
                    .put("waiting", webhook.waiting())
                    .put("created_at", webhook.createdAt().toString());
        }
    }

    /** {@code webhook remove}. */
    @Command(
            name = "remove",
            mixinStandardHelpOptions = true,
            description = "Removes a webhook with all its deliveries, also those that wait.")
    static final class Remove extends OnWebhook {
        @Override
        void run(JdbcWebhooks webhooks, BrokerConfig settings) throws CommandFailure {
            if (!webhooks.remove(id())) {
                throw unknown(id());
            }
            out().println("removed webhook " + id());
        }
    }

    /** {@code webhook enable}. */
    @Command(
            name = "enable",
            mixinStandardHelpOptions = true,
            description = "Sends to a disabled webhook again, also what was waiting.")
    static final class Enable extends OnWebhook {
        @Override
        void run(JdbcWebhooks webhooks, BrokerConfig settings) throws CommandFailure {
            if (!webhooks.enable(id())) {
                throw unknown(id());
            }
            out().println("enabled webhook " + id());
        }
    }

    /** {@code webhook disable}. */
    @Command(
            name = "disable",
            mixinStandardHelpOptions = true,
            description = "Sends nothing more to a webhook; what happens meanwhile it is never told.")
    static final class Disable extends OnWebhook {
        @Override
        void run(JdbcWebhooks webhooks, BrokerConfig settings) throws CommandFailure {
            if (!webhooks.disable(id())) {
                throw unknown(id());
            }
            out().println("disabled webhook " + id());
        }
    }

    /** {@code webhook test}. */
    @Command(
            name = "test",
            mixinStandardHelpOptions = true,
            description = "Sends a 'webhook.test' message once, from this machine, and tells the answer.")
    static final class Test extends OnWebhook {
        private static final Duration SPARE = Duration.ofSeconds(5);

        /** Changes nothing, and waits for the receiver, which no transaction should. */
        @Override
        @Nullable
        Change change(Database database) {
            return null;
        }

        @Override
        void run(JdbcWebhooks webhooks, BrokerConfig settings) throws Exception {
            Target target;
            try {
                target = webhooks.target(id()).orElseThrow(() -> unknown(id()));
            } catch (SecretBox.CannotOpenException e) {
                throw new CommandFailure(String.valueOf(e.getMessage()));
            }
            Answer answer = send(target, settings);
            if (!answer.isSuccess()) {
                throw new CommandFailure(String.valueOf(answer.error()));
            }
            out().println("the receiver answered " + answer.status());
        }

        private Answer send(Target target, BrokerConfig settings) throws Exception {
            Vertx vertx = Vertx.vertx();
            try {
                return new Sender(vertx, settings.webhooks().allowLoopback(), Ticker.SYSTEM)
                        .send(target.url(), target.secret(), Message.test(id(), Ticker.SYSTEM.now()))
                        .await(Sender.TIMEOUT.plus(SPARE).toMillis(), TimeUnit.MILLISECONDS);
            } finally {
                vertx.close().await(SPARE.toMillis(), TimeUnit.MILLISECONDS);
            }
        }
    }

    /** A command on one webhook. */
    abstract static class OnWebhook extends DatabaseCommand {
        @Parameters(paramLabel = "WEBHOOK", description = "Its id, as 'parley webhook list' shows it.")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private WebhookId id;

        final WebhookId id() {
            return id;
        }

        @Override
        @Nullable
        Change change(Database database) {
            return new Change("webhook." + spec().name(), "webhook/" + id, () -> null);
        }

        abstract void run(JdbcWebhooks webhooks, BrokerConfig settings) throws Exception;

        @Override
        final void run(Database database, BrokerConfig settings) throws Exception {
            run(new JdbcWebhooks(database, secretBox(settings)), settings);
        }
    }
}
