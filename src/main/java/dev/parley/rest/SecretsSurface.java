package dev.parley.rest;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.auth.Caller;
import dev.parley.auth.ClientSecrets;
import dev.parley.auth.SecretToken;
import dev.parley.auth.SecretVerifier;
import dev.parley.concurrent.Blocking;
import dev.parley.concurrent.Ticker;
import dev.parley.dialect.BetaDialect;
import dev.parley.dialect.Dialect.Translation;
import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import dev.parley.ledger.PriceBook;
import dev.parley.protocol.Json;
import dev.parley.rest.SecretRequest.Form;
import dev.parley.rest.SecretRequest.Refused;
import dev.parley.rest.SecretRequest.Wish;
import dev.parley.session.ModelPolicy;
import dev.parley.session.TenantTerms;
import dev.parley.tenancy.Tenant;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/** {@code POST /v1/realtime/client_secrets}, the same for translations, and the two forms that the beta had for it. */
final class SecretsSurface implements Surface {
    private static final Map<String, Form> FORMS = Map.of(
            "/v1/realtime/client_secrets", Form.GA,
            "/v1/realtime/translations/client_secrets", Form.TRANSLATION,
            "/v1/realtime/sessions", Form.BETA,
            "/v1/realtime/transcription_sessions", Form.BETA_TRANSCRIPTION);
    private static final int ID_BYTES = 12;

    private final PriceBook prices;
    private final ClientSecrets secrets;
    private final Blocking blocking;
    private final Ticker ticker;
    private final SecureRandom random = new SecureRandom();

    SecretsSurface(PriceBook prices, ClientSecrets secrets, Blocking blocking, Ticker ticker) {
        this.prices = prices;
        this.secrets = secrets;
        this.blocking = blocking;
        this.ticker = ticker;
    }

    @Override
    public List<Route> routes() {
        return FORMS.keySet().stream().map(path -> new Route("POST", path)).toList();
    }

    @Override
    public Future<Answer> answer(Call call, Caller caller, Tenant tenant) {
        ModelPolicy models = new ModelPolicy(prices, ticker, new TenantTerms(tenant), caller);
        try {
            Wish wish = new SecretRequest(models, tenant, caller)
                    .read(call.body(), FORMS.getOrDefault(call.path(), Form.GA));
            return make(wish, caller);
        } catch (Refused refused) {
            return Future.succeededFuture(Answer.refused(refused.refusal()));
        }
    }

    private Future<Answer> make(Wish wish, Caller caller) {
        String token = SecretToken.random(random);
        Instant now = ticker.now();
        Caller bearer = new Caller(
                caller.tenant(),
                wish.subject(),
                SecretVerifier.ISSUER,
                null,
                now,
                now.plus(wish.lifetime()),
                caller.models(),
                caller.outputTokensMax(),
                false,
                wish.binding("secret_" + id(), caller));
        return blocking.call(() -> secrets.add(SecretToken.hash(token), bearer)).map(added -> switch (added) {
            case ADDED -> Answer.ok(told(wish, token, bearer.expiresAt()));
            case TENANT_FULL -> full("This tenant", ClientSecrets.TENANT_MAX);
            case SUBJECT_FULL -> full("This subject", ClientSecrets.SUBJECT_MAX);
        });
    }

    private ObjectNode told(Wish wish, String token, Instant expiresAt) {
        ObjectNode session = JsonNodeFactory.instance.objectNode();
        session.put("id", "sess_" + id());
        session.put(
                "object",
                switch (wish.kind()) {
                    case CONVERSATION -> "realtime.session";
                    case TRANSCRIPTION -> "realtime.transcription_session";
                    case TRANSLATION -> "realtime.translation_session";
                });
        session.setAll(wish.session());
        BetaDialect dialect = wish.dialect();
        if (dialect == null) {
            ObjectNode answer = JsonNodeFactory.instance.objectNode();
            answer.put("value", token).put("expires_at", expiresAt.getEpochSecond());
            return answer.set("session", session);
        }
        ObjectNode flat = flat(session, dialect);
        flat.putObject("client_secret").put("value", token).put("expires_at", expiresAt.getEpochSecond());
        return flat;
    }

    private static ObjectNode flat(ObjectNode session, BetaDialect dialect) {
        ObjectNode event = JsonNodeFactory.instance.objectNode().put("type", "session.created");
        event.set("session", session);
        return dialect.toClient(Json.bytes(event)) instanceof Translation.Changed(Buffer translated)
                        && Json.object(translated).orElseThrow().path("session") instanceof ObjectNode flat
                ? flat
                : session;
    }

    private static Answer full(String who, int max) {
        return Answer.refused(Refusal.of(
                Kind.RATE_LIMITED,
                "client_secret_limit_reached",
                who + " has " + max + " client secrets that have not expired, which is the most: let some expire."));
    }

    private String id() {
        byte[] bits = new byte[ID_BYTES];
        random.nextBytes(bits);
        return HexFormat.of().formatHex(bits);
    }
}
