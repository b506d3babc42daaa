package dev.parley.admin;

import dev.parley.administration.Permission;
import dev.parley.administration.TenantOrigins;
import dev.parley.administration.TenantRegister;
import dev.parley.domain.TenantId;
import dev.parley.tenancy.Origin;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.util.List;

/** From which pages browsers may use a tenant's credentials. Entries are added and removed and never changed. */
final class OriginResource {
    private static final int ORIGIN_MAX = 255;
    private static final Origin NONE = new Origin("https://none.invalid");

    private final TenantOrigins origins;
    private final TenantRegister register;
    private final Changes changes;

    OriginResource(TenantOrigins origins, TenantRegister register, Changes changes) {
        this.origins = origins;
        this.register = register;
        this.changes = changes;
    }

    List<Endpoint> endpoints() {
        return List.of(
                Endpoint.get("/tenants/{tenant}/origins", Permission.TENANTS_READ, this::list),
                Endpoint.create("/tenants/{tenant}/origins", Permission.TENANT_TOKENS, this::add),
                Endpoint.of(HttpMethod.DELETE, "/tenants/{tenant}/origins", Permission.TENANT_TOKENS, this::remove));
    }

    private Answer list(Call call) {
        return Call.list(origins.of(TenantResource.known(register, call)).stream()
                .map(OriginResource::json)
                .toList());
    }

    private Answer add(Call call) {
        TenantId tenant = TenantResource.known(register, call);
        Fields fields = call.fields();
        Origin origin = fields.parsed("origin", ORIGIN_MAX, Origin::new).orElse(NONE);
        if (!fields.has("origin")) {
            fields.mistake("origin", "is required");
        }
        fields.done();
        return changes.inTransaction(() -> {
            if (!origins.add(tenant, origin)) {
                throw Problem.conflict("'" + origin + "' is on the list already.");
            }
            JsonObject made = json(origin.value());
            changes.note(call, "origin.add", "tenant/" + tenant, null, made);
            return Answer.created(made);
        });
    }

    private Answer remove(Call call) {
        TenantId tenant = TenantResource.known(register, call);
        String origin = call.query("origin").orElseThrow(() -> Problem.badRequest("origin: which one?"));
        return changes.inTransaction(() -> {
            if (!origins.remove(tenant, origin)) {
                throw Problem.notFound("'" + origin + "' is not on the list.");
            }
            changes.note(call, "origin.remove", "tenant/" + tenant, json(origin), null);
            return Answer.none();
        });
    }

    private static JsonObject json(String origin) {
        return new JsonObject().put("origin", origin);
    }
}
