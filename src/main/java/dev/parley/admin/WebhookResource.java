package dev.parley.admin;

import dev.parley.administration.Permission;
import dev.parley.administration.Reports;
import dev.parley.administration.TenantRegister;
import dev.parley.auth.SecretBox;
import dev.parley.concurrent.Ticker;
import dev.parley.domain.TenantId;
import dev.parley.webhook.DeliveryLog.Delivery;
import dev.parley.webhook.Message;
import dev.parley.webhook.Sender;
import dev.parley.webhook.SigningSecret;
import dev.parley.webhook.WebhookId;
import dev.parley.webhook.WebhookRegister.Target;
import dev.parley.webhook.WebhookRegister.Webhook;
import dev.parley.webhook.WebhookUrl;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Where events are sent, and what became of them. The query of a URL may be a credential: it is never shown. */
final class WebhookResource {
    private static final int TENANT_MAX = 63;
    private static final int URL_MAX = 2_048;
    private static final long TEST_SECONDS_MAX = Sender.TIMEOUT.toSeconds() + 2;

    private final Webhooks parts;
    private final TenantRegister tenants;
    private final Changes changes;
    private final Ticker ticker;

    WebhookResource(Webhooks parts, TenantRegister tenants, Changes changes, Ticker ticker) {
        this.ticker = ticker;
        this.parts = parts;
        this.tenants = tenants;
        this.changes = changes;
    }

    List<Endpoint> endpoints() {
        return List.of(
                Endpoint.get("/webhooks", Permission.WEBHOOKS_READ, _ -> list()),
                Endpoint.create("/webhooks", Permission.WEBHOOKS_WRITE, this::add),
                Endpoint.get("/webhooks/{webhook}", Permission.WEBHOOKS_READ, call -> Answer.ok(json(found(call)))),
                Endpoint.of(HttpMethod.DELETE, "/webhooks/{webhook}", Permission.WEBHOOKS_WRITE, this::remove),
                order("/webhooks/{webhook}/enable", call -> order(call, "webhook.enable", parts.register()::enable)),
                order("/webhooks/{webhook}/disable", call -> order(call, "webhook.disable", parts.register()::disable)),
                order("/webhooks/{webhook}/test", this::test).askingOthers(),
                order(
                        "/webhooks/{webhook}/retry",
                        call -> order(call, "webhook.retry", id -> {
                            parts.deliveries().retryAll(id);
                            return true;
                        })),
                Endpoint.get("/webhook-deliveries", Permission.WEBHOOKS_READ, this::deliveries),
                order("/webhook-deliveries/{delivery}/retry", this::retry));
    }

    private static Endpoint order(String path, Endpoint.Handler handler) {
        return Endpoint.of(HttpMethod.POST, path, Permission.WEBHOOKS_WRITE, handler);
    }

    private Answer list() {
        return Call.list(
                parts.register().list().stream().map(WebhookResource::json).toList());
    }

    private Answer add(Call call) {
        Fields fields = call.fields();
        Optional<WebhookUrl> url =
                fields.parsed("url", URL_MAX, text -> WebhookUrl.of(text).checked(parts.allowLoopback()));
        if (!fields.has("url")) {
            fields.mistake("url", "is required");
        }
        TenantId tenant = fields.parsed("tenant", TENANT_MAX, this::known).orElse(null);
        fields.done();
        return changes.inTransaction(() -> {
            SigningSecret secret = SigningSecret.random();
            WebhookId id = parts.register().add(tenant, url.orElseThrow(), secret);
            JsonObject made = json(found(id));
            changes.note(call, "webhook.add", target(id), null, made);
            return Answer.created(made.copy().put("secret", secret.reveal())).shownOnce();
        });
    }

    private TenantId known(String text) {
        TenantId id = new TenantId(text);
        if (tenants.find(id).isEmpty()) {
            throw new IllegalArgumentException("there is no such tenant");
        }
        return id;
    }

    private Answer remove(Call call) {
        Webhook webhook = found(call);
        return changes.inTransaction(() -> {
            parts.register().remove(webhook.id());
            changes.note(call, "webhook.remove", target(webhook.id()), json(webhook), null);
            return Answer.none();
        });
    }

    private Answer order(Call call, String action, Predicate<WebhookId> act) {
        call.fields().done();
        WebhookId id = found(call).id();
        return changes.inTransaction(() -> {
            if (!act.test(id)) {
                throw unknown();
            }
            changes.note(call, action, target(id), null, null);
            return Answer.none();
        });
    }

    /** Sends a message that says nothing, outside of any transaction: the receiver may take its time. */
    private Answer test(Call call) throws Exception {
        call.fields().done();
        WebhookId id = found(call).id();
        Target target;
        try {
            target = parts.register().target(id).orElseThrow(WebhookResource::unknown);
        } catch (SecretBox.CannotOpenException e) {
            throw Problem.conflict(String.valueOf(e.getMessage()));
        }
        changes.note(call, "webhook.test", target(id), null, null);
        try {
            var answer = parts.sender()
                    .send(target.url(), target.secret(), Message.test(id, ticker.now()))
                    .toCompletionStage()
                    .toCompletableFuture()
                    .get(TEST_SECONDS_MAX, TimeUnit.SECONDS);
            return Answer.ok(new JsonObject()
                    .put("taken", answer.isSuccess())
                    .put("status", answer.status())
                    .put("error", answer.error()));
        } catch (TimeoutException _) {
            return Answer.ok(new JsonObject()
                    .put("taken", false)
                    .putNull("status")
                    .put("error", "the receiver did not answer in time"));
        }
    }

    private Answer deliveries(Call call) {
        Reports.Page page = call.numberedPage();
        WebhookId webhook = call.query("webhook").map(WebhookResource::id).orElse(null);
        boolean failed = call.query("failed").orElse("").equals("true");
        Long before = page.after() == null ? null : Long.valueOf(page.after());
        return Call.list(
                parts.deliveries().list(webhook, failed, before, page.limit()).stream()
                        .map(WebhookResource::json)
                        .toList(),
                page,
                "id");
    }

    private Answer retry(Call call) {
        call.fields().done();
        String number = call.path("delivery");
        return changes.inTransaction(() -> {
            if (!number.matches("\\d{1,18}") || !parts.deliveries().retry(Long.parseLong(number))) {
                throw Problem.notFound("There is no such delivery that was not made.");
            }
            changes.note(call, "webhook.retry", "delivery/" + number, null, null);
            return Answer.none();
        });
    }

    private Webhook found(Call call) {
        return found(id(call.path("webhook")));
    }

    private Webhook found(WebhookId id) {
        return parts.register().list().stream()
                .filter(webhook -> webhook.id().equals(id))
                .findFirst()
                .orElseThrow(WebhookResource::unknown);
    }

    private static WebhookId id(String text) {
        try {
            return new WebhookId(text);
        } catch (IllegalArgumentException _) {
            throw unknown();
        }
    }

    private static Problem unknown() {
        return Problem.notFound("There is no such webhook.");
    }

    private static String target(WebhookId id) {
        return "webhook/" + id;
    }

    private static JsonObject json(Webhook webhook) {
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

    private static JsonObject json(Delivery delivery) {
        return new JsonObject()
                .put("id", delivery.id())
                .put("webhook", delivery.webhook().value())
                .put("event", delivery.event())
                .put("tenant", delivery.tenant().value())
                .put("budget", delivery.budget())
                .put("threshold", delivery.threshold())
                .put("state", delivery.state().name().toLowerCase(Locale.ROOT))
                .put("attempts", delivery.attempts())
                .put("created_at", delivery.createdAt().toString())
                .put("next_attempt_at", text(delivery.nextAttemptAt()))
                .put("delivered_at", text(delivery.deliveredAt()))
                .put("given_up_at", text(delivery.givenUpAt()))
                .put("last_status", delivery.lastStatus())
                .put("last_error", delivery.lastError());
    }

    private static @Nullable String text(@Nullable Instant at) {
        return at == null ? null : at.toString();
    }
}
