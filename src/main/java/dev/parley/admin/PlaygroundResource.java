package dev.parley.admin;

import dev.parley.administration.Permission;
import dev.parley.administration.TenantRegister;
import dev.parley.auth.BrokerTokens;
import dev.parley.domain.SubjectId;
import dev.parley.domain.TenantId;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Lets an operator talk to a model as a tenant: at that tenant's cost and within its limits, as a subject of its own. */
final class PlaygroundResource {
    static final Duration LIFE = Duration.ofMinutes(15);
    private static final int TENANT_MAX = 63;
    private static final String SUBJECT = "console:";

    private final TenantRegister tenants;
    private final BrokerTokens tokens;
    private final Changes changes;

    PlaygroundResource(TenantRegister tenants, BrokerTokens tokens, Changes changes) {
        this.tenants = tenants;
        this.tokens = tokens;
        this.changes = changes;
    }

    List<Endpoint> endpoints() {
        return List.of(Endpoint.create("/playground/tokens", Permission.PLAYGROUND, this::begin));
    }

    private Answer begin(Call call) {
        Fields fields = call.fields();
        TenantId tenant = fields.parsed("tenant", TENANT_MAX, TenantId::new).orElse(new TenantId("none"));
        if (!fields.has("tenant")) {
            fields.mistake("tenant", "is required");
        }
        fields.done();
        if (tenants.find(tenant).isEmpty()) {
            throw Problem.invalid(Map.of("tenant", "there is no such tenant"));
        }
        SubjectId subject = new SubjectId(SUBJECT + name(call));
        return changes.inTransaction(() -> {
            changes.note(
                    call,
                    "playground.begin",
                    "tenant/" + tenant,
                    null,
                    new JsonObject().put("subject", subject.value()));
            return Answer.created(new JsonObject()
                            .put("subject", subject.value())
                            .put("token", tokens.mint(BrokerTokens.Order.of(tenant, subject, LIFE))))
                    .shownOnce();
        });
    }

    private static String name(Call call) {
        String actor = call.actor().name();
        return actor.substring(actor.indexOf(':') + 1);
    }
}
