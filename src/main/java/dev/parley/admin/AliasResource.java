package dev.parley.admin;

import dev.parley.administration.ModelAliases;
import dev.parley.administration.Permission;
import dev.parley.domain.ModelName;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;

/** Other names of models. They are added and removed and never changed, so nobody overwrites another's. */
final class AliasResource {
    private static final int NAME_MAX = 128;
    /** Stands in until the mistakes are told. */
    private static final ModelName NAMELESS = new ModelName("-");

    private final ModelAliases aliases;
    private final Changes changes;

    AliasResource(ModelAliases aliases, Changes changes) {
        this.aliases = aliases;
        this.changes = changes;
    }

    List<Endpoint> endpoints() {
        return List.of(
                Endpoint.get(
                        "/model-aliases",
                        Permission.PRICES_READ,
                        _ -> Call.list(aliases.aliases().entrySet().stream()
                                .map(entry -> json(entry.getKey(), entry.getValue()))
                                .toList())),
                Endpoint.create("/model-aliases", Permission.PRICES_WRITE, this::add),
                Endpoint.of(HttpMethod.DELETE, "/model-aliases", Permission.PRICES_WRITE, this::remove));
    }

    private Answer add(Call call) {
        Fields fields = call.fields();
        ModelName alias = name(fields, "alias");
        ModelName model = name(fields, "model");
        fields.done();
        return changes.inTransaction(() -> {
            ModelName taken = aliases.aliases().get(alias);
            if (taken != null) {
                throw Problem.conflict("'" + alias + "' stands for '" + taken + "' already: remove that first.");
            }
            if (!aliases.alias(alias, model)) {
                throw Problem.invalid(Map.of("model", "is another model of the catalogue, by its own name"));
            }
            JsonObject made = json(alias, model);
            changes.note(call, "model.alias", "model/" + model, null, made);
            return Answer.created(made);
        });
    }

    private Answer remove(Call call) {
        String asked = call.query("alias").orElseThrow(() -> Problem.badRequest("alias: which name?"));
        return changes.inTransaction(() -> {
            Map.Entry<ModelName, ModelName> entry = aliases.aliases().entrySet().stream()
                    .filter(one -> one.getKey().value().equals(asked))
                    .findFirst()
                    .orElseThrow(() -> Problem.notFound("There is no such alias."));
            aliases.removeAlias(entry.getKey());
            changes.note(
                    call, "model.unalias", "model/" + entry.getValue(), json(entry.getKey(), entry.getValue()), null);
            return Answer.none();
        });
    }

    private static ModelName name(Fields fields, String field) {
        if (!fields.has(field)) {
            fields.mistake(field, "is required");
        }
        return fields.parsed(field, NAME_MAX, ModelName::new).orElse(NAMELESS);
    }

    private static JsonObject json(ModelName alias, ModelName model) {
        return new JsonObject().put("alias", alias.value()).put("model", model.value());
    }
}
