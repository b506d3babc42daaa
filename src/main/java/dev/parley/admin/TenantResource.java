package dev.parley.admin;

import dev.parley.administration.Permission;
import dev.parley.administration.Reports;
import dev.parley.administration.TenantRegister;
import dev.parley.concurrent.Ticker;
import dev.parley.domain.TenantId;
import dev.parley.tenancy.PlanId;
import dev.parley.tenancy.Settings;
import dev.parley.tenancy.Tenant;
import dev.parley.tenancy.TenantStatus;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Tenants, with their limits and what they have spent. */
final class TenantResource {
    private static final int SEARCH_MAX = 255;
    private static final int ID_MAX = 63;
    private static final int NAME_MAX = 255;

    private final TenantRegister register;
    private final Reports reports;
    private final Changes changes;
    private final Ticker ticker;

    TenantResource(TenantRegister register, Reports reports, Changes changes, Ticker ticker) {
        this.register = register;
        this.reports = reports;
        this.changes = changes;
        this.ticker = ticker;
    }

    List<Endpoint> endpoints() {
        return List.of(
                Endpoint.get("/tenants", Permission.TENANTS_READ, this::list),
                Endpoint.create("/tenants", Permission.TENANTS_WRITE, this::create),
                Endpoint.get("/tenants/{tenant}", Permission.TENANTS_READ, this::show),
                Endpoint.change(HttpMethod.PATCH, "/tenants/{tenant}", Permission.TENANTS_WRITE, this::change),
                Endpoint.get("/tenants/{tenant}/budgets", Permission.TENANTS_READ, this::budgets));
    }

    /** The tenant of the path. */
    static TenantId tenant(Call call) {
        try {
            return new TenantId(call.path("tenant"));
        } catch (IllegalArgumentException e) {
            throw Problem.notFound("There is no such tenant.");
        }
    }

    /** The one in the path, which is there. */
    static TenantId known(TenantRegister register, Call call) {
        TenantId tenant = tenant(call);
        if (register.find(tenant).isEmpty()) {
            throw Problem.notFound("There is no tenant '" + tenant + "'.");
        }
        return tenant;
    }

    private Answer list(Call call) {
        Reports.Page page = call.page();
        String search = call.query("search").orElse(null);
        if (search != null && search.length() > SEARCH_MAX) {
            throw Problem.badRequest("search: has at most " + SEARCH_MAX + " characters");
        }
        return Call.list(reports.tenants(page, search), page, "id");
    }

    private Answer show(Call call) {
        return answer(200, tenant(call));
    }

    private Answer budgets(Call call) {
        TenantId tenant = tenant(call);
        json(tenant);
        return Call.list(reports.budgets(tenant.value()));
    }

    private Answer create(Call call) {
        Fields fields = call.fields();
        TenantId id = fields.parsed("id", ID_MAX, TenantId::new).orElse(new TenantId("none"));
        if (!fields.has("id")) {
            fields.mistake("id", "is required");
        }
        Tenant wanted = new Change(fields).on(Tenant.of(id, id.value(), Settings.NONE));
        fields.done();
        return changes.inTransaction(() -> {
            boolean created = SettingsFields.known(() -> register.create(wanted));
            if (!created) {
                throw Problem.conflict("There is a tenant '" + id + "' already.");
            }
            changes.note(call, "tenant.create", target(id), null, settings(id));
            return answer(201, id).with("Location", "/api/v1/tenants/" + id);
        });
    }

    private Answer change(Call call) {
        TenantId id = tenant(call);
        long generation = call.ifMatch();
        Fields fields = call.fields();
        Change change = new Change(fields);
        boolean revoke = fields.flag("revoke_tokens").orElse(false);
        fields.done();
        Instant now = ticker.now();
        return changes.inTransaction(() -> {
            JsonObject before = settings(id);
            TenantRegister.Outcome outcome = SettingsFields.known(() -> register.change(id, generation, old -> {
                Tenant changed = change.on(old);
                return revoke ? changed.withTokensValidFrom(now) : changed;
            }));
            switch (outcome) {
                case CHANGED -> changes.note(call, "tenant.change", target(id), before, settings(id));
                case OUTDATED -> throw Problem.changedMeanwhile();
                case UNKNOWN -> throw Problem.notFound("There is no tenant '" + id + "'.");
            }
            return answer(200, id);
        });
    }

    private Answer answer(int status, TenantId id) {
        JsonObject json = json(id);
        return Answer.of(status, json).version(json.getLong("generation"));
    }

    private JsonObject json(TenantId id) {
        return reports.tenant(id.value()).orElseThrow(() -> Problem.notFound("There is no tenant '" + id + "'."));
    }

    /** What an operator sets, without what changes by itself or follows from a plan. */
    private JsonObject settings(TenantId id) {
        JsonObject json = json(id).copy();
        List.of("sessions", "burn", "settings", "generation", "created_at", "updated_at")
                .forEach(json::remove);
        return json;
    }

    private static String target(TenantId id) {
        return "tenant/" + id;
    }

    /** What a request says of a tenant; what it does not name stays. */
    private static final class Change {
        private final Optional<String> name;
        private final Optional<TenantStatus> status;
        private final Optional<PlanId> plan;
        private final Optional<Settings> own;

        Change(Fields fields) {
            name = fields.optionalText("name", NAME_MAX);
            status = fields.parsed("status", ID_MAX, Change::status);
            plan = fields.parsed("plan", ID_MAX, PlanId::new);
            own = fields.object("own").map(SettingsFields::read);
        }

        Tenant on(Tenant tenant) {
            Tenant changed = tenant.withName(name.orElse(tenant.name()))
                    .withStatus(status.orElse(tenant.status()))
                    .withPlan(plan.orElse(tenant.plan()));
            return own.map(changed::withOwn).orElse(changed);
        }

        private static TenantStatus status(String word) {
            return switch (word) {
                case "active" -> TenantStatus.ACTIVE;
                case "suspended" -> TenantStatus.SUSPENDED;
                default -> throw new IllegalArgumentException("is active or suspended");
            };
        }
    }
}
