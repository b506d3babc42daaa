package dev.parley.sideband;

import com.fasterxml.jackson.databind.JsonNode;
import dev.parley.call.CallAddress;
import dev.parley.call.CallId;
import dev.parley.call.IncomingStore;
import dev.parley.call.ProviderWebhook;
import dev.parley.concurrent.Blocking;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.domain.TenantId;
import dev.parley.protocol.Json;
import dev.parley.webhook.Answer;
import dev.parley.webhook.Message;
import dev.parley.webhook.Sender;
import dev.parley.webhook.WebhookRegister;
import dev.parley.webhook.WebhookRegister.Target;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What providers tell of calls by SIP: who is genuine is passed on to the webhooks of the tenant that is called, at once and
 * once, because a call does not ring for ever. If none takes it the provider is told so, and may tell it again. Thread-safe.
 */
public final class IncomingCalls {
    private static final Logger LOGGER = LoggerFactory.getLogger(IncomingCalls.class);
    private static final String TYPE = "realtime.call.incoming";
    private static final Duration RETRY_SOON = Duration.ofSeconds(2);
    private static final int WEBHOOKS_MAX = 10;

    private final CallParts parts;
    private final IncomingStore store;
    private final WebhookRegister webhooks;
    private final Sender sender;
    private final Blocking door;

    /** @param door of its own: who sends what is not genuine makes nobody else wait */
    public IncomingCalls(CallParts parts, IncomingStore store, WebhookRegister webhooks, Sender sender, Blocking door) {
        this.parts = parts;
        this.store = store;
        this.webhooks = webhooks;
        this.sender = sender;
        this.door = door;
    }

    /** A call that rings, and who is to be told. */
    private record Ringing(CallId call, TenantId tenant, JsonNode data, List<Target> targets) {}

    private sealed interface Decision {
        record Tell(Ringing ringing) implements Decision {}

        /** Genuine, and nothing to do with calls. */
        record Ignored() implements Decision {}

        record Refused(Refusal refusal) implements Decision {}
    }

    /** Why it is refused, or empty; fails when the store is away. */
    public Future<Optional<Refusal>> take(String account, ProviderWebhook webhook) {
        Instant now = parts.services().ticker().now();
        Optional<Refusal> refusal = webhook.staleness(now);
        if (refusal.isPresent() || parts.upstream().find(account).isEmpty()) {
            return Future.succeededFuture(refusal.or(() -> webhook.forgery(null)));
        }
        return door.call(() -> decide(account, webhook)).compose(decision -> switch (decision) {
            case Decision.Refused(Refusal why) -> Future.succeededFuture(Optional.of(why));
            case Decision.Ignored _ -> Future.succeededFuture(Optional.<Refusal>empty());
            case Decision.Tell(Ringing ringing) -> tell(account, webhook, ringing, now);
        });
    }

    private Decision decide(String account, ProviderWebhook webhook) {
        Optional<Refusal> forged = webhook.forgery(store.secret(account).orElse(null));
        if (forged.isPresent()) {
            return new Decision.Refused(forged.get());
        }
        JsonNode event = Json.object(webhook.body()).orElse(null);
        if (event == null || !TYPE.equals(event.path("type").textValue())) {
            return new Decision.Ignored();
        }
        JsonNode data = event.path("data");
        Optional<CallId> call = CallId.of(data.path("call_id").asText(""));
        Optional<TenantId> tenant = store.called(called(data.path("sip_headers")));
        if (call.isEmpty() || tenant.isEmpty()) {
            LOGGER.atWarn().addKeyValue("account", account).log("somebody calls whose address is no tenant's");
            return new Decision.Refused(
                    Refusal.of(Kind.NOT_FOUND, "unknown_address", "Nobody is called under this address."));
        }
        if (!store.first(account, Objects.requireNonNull(webhook.id()))) {
            return new Decision.Refused(
                    Refusal.of(Kind.BAD_REQUEST, "webhook_replayed", "This webhook has come before."));
        }
        parts.store().ring(call.get(), tenant.get(), account);
        return new Decision.Tell(new Ringing(call.get(), tenant.get(), data, targets(tenant.get())));
    }

    private List<Target> targets(TenantId tenant) {
        List<Target> targets = new ArrayList<>();
        webhooks.list().stream()
                .filter(webhook -> webhook.enabled() && tenant.equals(webhook.tenant()))
                .limit(WEBHOOKS_MAX)
                .forEach(webhook -> webhooks.target(webhook.id()).ifPresent(targets::add));
        return targets;
    }

    private static List<CallAddress> called(JsonNode headers) {
        for (JsonNode header : headers) {
            if (header.path("name").asText("").equalsIgnoreCase("To")) {
                return CallAddress.inHeader(header.path("value").asText(""));
            }
        }
        return List.of();
    }

    private Future<Optional<Refusal>> tell(String account, ProviderWebhook webhook, Ringing ringing, Instant now) {
        Message message = new Message(
                "evt_" + ringing.call(),
                TYPE,
                now,
                new JsonObject(ringing.data().toString()));
        List<Future<Answer>> answers = ringing.targets().stream()
                .map(target -> sender.send(target.url(), target.secret(), message))
                .toList();
        return Future.join(answers).transform(_ -> {
            if (answers.stream().anyMatch(answer -> answer.result().isSuccess())) {
                LOGGER.atInfo()
                        .addKeyValue("call", ringing.call())
                        .addKeyValue("tenant", ringing.tenant())
                        .log("a call rings");
                return Future.succeededFuture(Optional.<Refusal>empty());
            }
            LOGGER.atWarn()
                    .addKeyValue("call", ringing.call())
                    .addKeyValue("tenant", ringing.tenant())
                    .addKeyValue("webhooks", answers.size())
                    .log("a call rings, and no webhook of its tenant has taken it");
            return door.call(() -> {
                        store.forget(account, Objects.requireNonNull(webhook.id()));
                        return true;
                    })
                    .map(_ -> Optional.of(Refusal.of(
                                    Kind.UPSTREAM_UNAVAILABLE,
                                    "tenant_unreachable",
                                    "Who is called cannot be told now.")
                            .retryAfter(RETRY_SOON)));
        });
    }
}
