package dev.parley.admin;

import dev.parley.administration.Permission;
import dev.parley.administration.PlanRegister;
import dev.parley.administration.Reports;
import dev.parley.administration.SettingsJson;
import dev.parley.tenancy.Plan;
import dev.parley.tenancy.PlanId;
import dev.parley.tenancy.Settings;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;

/** Plans: limits and budgets that tenants share. */
final class PlanResource {
    private static final int ID_MAX = 63;
    private static final int NAME_MAX = 255;

    private final PlanRegister register;
    private final Reports reports;
    private final Changes changes;

    PlanResource(PlanRegister register, Reports reports, Changes changes) {
        this.register = register;
        this.reports = reports;
        this.changes = changes;
    }

    List<Endpoint> endpoints() {
        return List.of(
                Endpoint.get("/plans", Permission.TENANTS_READ, _ -> list()),
                Endpoint.create("/plans", Permission.PLANS_WRITE, this::create),
                Endpoint.get("/plans/{plan}", Permission.TENANTS_READ, call -> answer(200, plan(call))),
                Endpoint.change(HttpMethod.PUT, "/plans/{plan}", Permission.PLANS_WRITE, this::change),
                Endpoint.change(HttpMethod.DELETE, "/plans/{plan}", Permission.PLANS_WRITE, this::delete));
    }

    private Answer list() {
        return Answer.ok(new JsonObject()
                .put("items", new JsonArray(reports.plans()))
                .putNull("next_cursor")
                .put("defaults", SettingsJson.of(Settings.STANDARD)));
    }

    private Answer create(Call call) {
        Fields fields = call.fields();
        PlanId id = fields.parsed("id", ID_MAX, PlanId::new).orElse(PlanId.STANDARD);
        if (!fields.has("id")) {
            fields.mistake("id", "is required");
        }
        Plan plan = read(fields, id);
        fields.done();
        return changes.inTransaction(() -> {
            if (!SettingsFields.known(() -> register.create(plan))) {
                throw Problem.conflict("There is a plan '" + id + "' already.");
            }
            changes.note(call, "plan.create", "plan/" + id, null, said(id));
            return answer(201, id).with("Location", "/api/v1/plans/" + id);
        });
    }

    private Answer change(Call call) {
        PlanId id = plan(call);
        long generation = call.ifMatch();
        Fields fields = call.fields();
        Plan plan = read(fields, id);
        fields.done();
        return changes.inTransaction(() -> {
            JsonObject before = said(id);
            refuse(SettingsFields.known(() -> register.change(plan, generation)), id);
            changes.note(call, "plan.change", "plan/" + id, before, said(id));
            return answer(200, id);
        });
    }

    private Answer delete(Call call) {
        PlanId id = plan(call);
        long generation = call.ifMatch();
        if (id.equals(PlanId.STANDARD)) {
            throw Problem.conflict("The plan 'standard' stays: it is the plan of tenants that name none.");
        }
        return changes.inTransaction(() -> {
            JsonObject before = said(id);
            refuse(register.delete(id, generation), id);
            changes.note(call, "plan.delete", "plan/" + id, before, null);
            return Answer.none();
        });
    }

    private static Plan read(Fields fields, PlanId id) {
        return new Plan(
                id,
                fields.optionalText("name", NAME_MAX).orElse(id.value()),
                fields.object("settings").map(SettingsFields::read).orElse(Settings.NONE));
    }

    private static void refuse(PlanRegister.Outcome outcome, PlanId id) {
        switch (outcome) {
            case DONE -> {}
            case OUTDATED -> throw Problem.changedMeanwhile();
            case IN_USE -> throw Problem.conflict("Tenants are on the plan '" + id + "'.");
            case UNKNOWN -> throw Problem.notFound("There is no plan '" + id + "'.");
        }
    }

    private Answer answer(int status, PlanId id) {
        JsonObject json = json(id);
        return Answer.of(status, json).version(json.getLong("generation"));
    }

    private JsonObject json(PlanId id) {
        return reports.plans().stream()
                .filter(plan -> plan.getString("id").equals(id.value()))
                .findFirst()
                .orElseThrow(() -> Problem.notFound("There is no plan '" + id + "'."));
    }

    private JsonObject said(PlanId id) {
        JsonObject json = json(id);
        return new JsonObject().put("name", json.getString("name")).put("settings", json.getJsonObject("settings"));
    }

    private static PlanId plan(Call call) {
        try {
            return new PlanId(call.path("plan"));
        } catch (IllegalArgumentException e) {
            throw Problem.notFound("There is no such plan.");
        }
    }
}
