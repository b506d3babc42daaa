package dev.parley.admin;

import dev.parley.administration.AccountRegister;
import dev.parley.administration.AccountRegister.Listed;
import dev.parley.administration.AccountRegister.Use;
import dev.parley.administration.Permission;
import dev.parley.config.AccountConfig;
import dev.parley.config.AccountConfig.Profile;
import dev.parley.config.ModelNames;
import dev.parley.config.Secret;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Upstream accounts in the database, and the pools of all nodes. A key goes in and never comes out. */
final class AccountResource {
    private static final int NAME_MAX = 32;
    private static final int URL_MAX = 2_048;
    private static final int ID_MAX = 128;
    private static final int MODELS_MAX = 2_000;
    private static final int KEY_MAX = 512;

    private final AccountRegister register;
    private final SessionFigures figures;
    private final Changes changes;

    AccountResource(AccountRegister register, SessionFigures figures, Changes changes) {
        this.register = register;
        this.figures = figures;
        this.changes = changes;
    }

    List<Endpoint> endpoints() {
        return List.of(
                Endpoint.get("/pools", Permission.ACCOUNTS_READ, _ -> pools()),
                Endpoint.get("/accounts", Permission.ACCOUNTS_READ, _ -> list()),
                Endpoint.create("/accounts", Permission.ACCOUNTS_WRITE, this::add),
                Endpoint.change(HttpMethod.PATCH, "/accounts/{account}", Permission.ACCOUNTS_WRITE, this::change),
                Endpoint.change(HttpMethod.DELETE, "/accounts/{account}", Permission.ACCOUNTS_WRITE, this::remove),
                Endpoint.change(HttpMethod.PUT, "/accounts/{account}/key", Permission.ACCOUNTS_WRITE, this::replaceKey),
                Endpoint.of(HttpMethod.POST, "/accounts/{account}/reopen", Permission.ACCOUNTS_REOPEN, this::reopen));
    }

    private Answer pools() {
        SessionFigures.Seen seen = figures.look();
        JsonArray nodes = new JsonArray();
        seen.pools().forEach((node, pool) -> nodes.add(pool.copy().put("node", node)));
        return Answer.ok(new JsonObject().put("items", nodes).put("silent_nodes", new JsonArray(seen.silentNodes())));
    }

    private Answer list() {
        return Call.list(register.list().stream().map(AccountResource::json).toList());
    }

    private Answer add(Call call) {
        Fields fields = call.fields();
        String name = fields.parsed("name", NAME_MAX, AccountResource::name).orElse("");
        if (!fields.has("name")) {
            fields.mistake("name", "is required");
        }
        Profile profile =
                fields.parsed("profile", NAME_MAX, AccountResource::profile).orElse(Profile.OPENAI);
        URI url = fields.parsed("url", URL_MAX, AccountResource::url).orElse(URI.create("wss://api.openai.com/v1"));
        Optional<Secret> key = fields.parsed("key", KEY_MAX, AccountResource::key);
        if (key.isEmpty() && !fields.has("key") && profile != Profile.COMPATIBLE) {
            fields.mistake("key", "is required for this profile");
        }
        AccountConfig account = new AccountConfig(
                name,
                profile,
                url,
                key.orElse(null),
                fields.optionalText("organization", ID_MAX).orElse(null),
                fields.optionalText("project", ID_MAX).orElse(null),
                null,
                models(fields).orElse(Map.of()),
                weight(fields).orElse(1),
                sessionsMax(fields).orElse(5_000));
        fields.done();
        return changes.inTransaction(() -> {
            if (!register.add(account)) {
                throw Problem.conflict("There is an account '" + name + "' already.");
            }
            Listed made = found(name);
            changes.note(call, "account.add", target(name), null, settings(made));
            return Answer.created(json(made)).version(made.generation());
        });
    }

    private Answer change(Call call) {
        String name = call.path("account");
        long generation = call.ifMatch();
        Fields fields = call.fields();
        Optional<Map<String, String>> models = models(fields);
        Optional<Integer> weight = weight(fields);
        Optional<Integer> sessionsMax = sessionsMax(fields);
        Optional<Boolean> drained = fields.flag("drained");
        fields.done();
        return changes.inTransaction(() -> {
            Listed old = found(name);
            refuse(register.change(
                    name,
                    generation,
                    use -> new Use(
                            models.orElse(use.models()),
                            weight.orElse(use.weight()),
                            sessionsMax.orElse(use.sessionsMax()),
                            drained.orElse(use.drained()))));
            Listed changed = found(name);
            changes.note(call, "account.change", target(name), settings(old), settings(changed));
            return Answer.ok(json(changed)).version(changed.generation());
        });
    }

    private Answer replaceKey(Call call) {
        String name = call.path("account");
        long generation = call.ifMatch();
        Fields fields = call.fields();
        Optional<Secret> key = fields.parsed("key", KEY_MAX, AccountResource::key);
        if (!fields.has("key")) {
            fields.mistake("key", "is required");
        }
        fields.done();
        return changes.inTransaction(() -> {
            refuse(register.replaceKey(name, generation, key.orElseThrow()));
            Listed changed = found(name);
            changes.note(call, "account.key", target(name), null, null);
            return Answer.none().version(changed.generation());
        });
    }

    private Answer remove(Call call) {
        String name = call.path("account");
        long generation = call.ifMatch();
        return changes.inTransaction(() -> {
            Listed old = found(name);
            refuse(register.remove(name, generation));
            changes.note(call, "account.remove", target(name), settings(old), null);
            return Answer.none();
        });
    }

    /** Accounts of the settings too, which are not in the register. */
    private Answer reopen(Call call) {
        call.fields().done();
        String name = call.path("account");
        boolean known = figures.look().pools().values().stream()
                .flatMap(pool -> pool.getJsonArray("accounts").stream())
                .anyMatch(row -> name.equals(((JsonObject) row).getString("name")));
        if (!known) {
            throw unknown();
        }
        return changes.inTransaction(() -> {
            register.reopen(name);
            changes.note(call, "account.reopen", target(name), null, null);
            return Answer.none();
        });
    }

    private static void refuse(AccountRegister.Outcome outcome) {
        switch (outcome) {
            case CHANGED -> {}
            case OUTDATED -> throw Problem.changedMeanwhile();
            case UNKNOWN -> throw unknown();
        }
    }

    private Listed found(String name) {
        return register.list().stream()
                .filter(listed -> listed.account().name().equals(name))
                .findFirst()
                .orElseThrow(AccountResource::unknown);
    }

    private static Problem unknown() {
        return Problem.notFound("There is no such account in the database; those of the settings are changed there.");
    }

    private static Optional<Map<String, String>> models(Fields fields) {
        return fields.has("models") && fields.isEmpty("models")
                ? Optional.of(Map.of())
                : fields.parsed("models", MODELS_MAX, ModelNames::parse);
    }

    private static Optional<Integer> weight(Fields fields) {
        return fields.number("weight", 1, 1_000).map(Long::intValue);
    }

    private static Optional<Integer> sessionsMax(Fields fields) {
        return fields.number("sessions_max", 1, 1_000_000).map(Long::intValue);
    }

    private static String name(String text) {
        if (!AccountConfig.isName(text)) {
            throw new IllegalArgumentException("is made of small letters, digits and '-', at most 32");
        }
        return text;
    }

    private static Secret key(String text) {
        if (text.chars().anyMatch(letter -> letter <= ' ' || letter > '~')) {
            throw new IllegalArgumentException("has printable characters only");
        }
        return new Secret(text);
    }

    private static Profile profile(String text) {
        for (Profile profile : Profile.values()) {
            if (profile.label().equals(text)) {
                return profile;
            }
        }
        throw new IllegalArgumentException("is openai, azure or compatible");
    }

    private static URI url(String text) {
        URI url = URI.create(text);
        boolean socket = "ws".equals(url.getScheme()) || "wss".equals(url.getScheme());
        if (!socket || url.getHost() == null || url.getUserInfo() != null) {
            throw new IllegalArgumentException("begins with wss:// (or ws://) and names a host");
        }
        return url;
    }

    private static String target(String name) {
        return "account/" + name;
    }

    private static JsonObject settings(Listed listed) {
        AccountConfig account = listed.account();
        return new JsonObject()
                .put("name", account.name())
                .put("profile", account.profile().label())
                .put("url", account.url().toString())
                .put("organization", account.organization())
                .put("project", account.project())
                .put("models", ModelNames.show(account.models()))
                .put("weight", account.weight())
                .put("sessions_max", account.sessionsMax())
                .put("has_key", listed.hasKey())
                .put("drained", listed.drained());
    }

    private static JsonObject json(Listed listed) {
        return settings(listed)
                .put("generation", listed.generation())
                .put("created_at", listed.createdAt().toString())
                .put("changed_at", listed.changedAt().toString());
    }
}
