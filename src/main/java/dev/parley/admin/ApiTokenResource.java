package dev.parley.admin;

import dev.parley.administration.ApiTokenStore;
import dev.parley.administration.ApiTokenStore.ApiToken;
import dev.parley.administration.ApiTokenStore.Backer;
import dev.parley.administration.ApiTokenStore.NewToken;
import dev.parley.administration.Permission;
import dev.parley.administration.SecretText;
import dev.parley.concurrent.Ticker;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The tokens of this API, for automation. They can do no more than who makes them can, then and now. */
final class ApiTokenResource {
    private static final int NAME_MAX = 128;
    private static final int DAYS = 90;
    private static final int DAYS_MAX = 366;

    private final ApiTokenStore store;
    private final Changes changes;
    private final Ticker ticker;

    ApiTokenResource(ApiTokenStore store, Changes changes, Ticker ticker) {
        this.store = store;
        this.changes = changes;
        this.ticker = ticker;
    }

    List<Endpoint> endpoints() {
        return List.of(
                Endpoint.get("/api-tokens", Permission.ADMINISTRATORS_READ, _ -> list()),
                Endpoint.create("/api-tokens", Permission.ADMINISTRATORS_WRITE, this::create),
                Endpoint.of(HttpMethod.DELETE, "/api-tokens/{id}", Permission.ADMINISTRATORS_WRITE, this::revoke));
    }

    private Answer list() {
        return Call.list(store.list().stream().map(this::json).toList());
    }

    private Answer create(Call call) {
        Fields fields = call.fields();
        String name = fields.text("name", NAME_MAX);
        Set<Permission> permissions = permissions(fields, call.principal().permissions());
        long days = fields.number("expires_in_days", 1, DAYS_MAX).orElse((long) DAYS);
        fields.done();
        String id = SecretText.id("at_");
        String secret = "pat_" + SecretText.random();
        return changes.inTransaction(() -> {
            Instant expiresAt = store.add(
                            new NewToken(
                                    id,
                                    name,
                                    permissions,
                                    call.actor().name(),
                                    call.principal().administrator(),
                                    Duration.ofDays(days)),
                            SecretText.digest(secret))
                    .orElseThrow(Problem::unauthenticated);
            JsonObject made = new JsonObject()
                    .put("id", id)
                    .put("name", name)
                    .put("permissions", scopes(permissions))
                    .put("expires_at", expiresAt.toString());
            changes.note(call, "api_token.create", "api_token/" + id, null, made);
            return Answer.created(made.copy().put("token", secret)).shownOnce();
        });
    }

    private Answer revoke(Call call) {
        String id = call.path("id");
        return changes.inTransaction(() -> {
            List<ApiToken> ended = store.revoke(id);
            if (ended.isEmpty()) {
                throw Problem.notFound("There is no such token that is good.");
            }
            noteEnd(changes, call, ended);
            return Answer.none();
        });
    }

    /** An entry for each: with a token end those that were made with it. */
    static void noteEnd(Changes changes, Call call, List<ApiToken> ended) {
        ended.forEach(token -> changes.note(
                call,
                "api_token.revoke",
                "api_token/" + token.id(),
                new JsonObject().put("name", token.name()).put("permissions", scopes(token.permissions())),
                null));
    }

    private static Set<Permission> permissions(Fields fields, Set<Permission> own) {
        Set<Permission> wanted = EnumSet.noneOf(Permission.class);
        for (String scope :
                fields.texts("permissions", Permission.values().length).orElse(List.of())) {
            Permission.of(scope)
                    .filter(own::contains)
                    .ifPresentOrElse(
                            wanted::add,
                            () -> fields.mistake("permissions", "there is no '" + scope + "' that you could give"));
        }
        if (wanted.isEmpty()) {
            fields.mistake("permissions", "a token needs at least one");
        }
        return wanted;
    }

    private static JsonArray scopes(Set<Permission> permissions) {
        return new JsonArray(
                permissions.stream().map(Permission::scope).sorted().toList());
    }

    private String state(ApiToken token) {
        if (token.revokedAt() != null) {
            return "revoked";
        }
        if (!token.expiresAt().isAfter(ticker.now())) {
            return "expired";
        }
        Backer backer = token.administrator();
        return backer == null ? "administrator_deleted" : backer.disabled() ? "administrator_disabled" : "good";
    }

    private JsonObject json(ApiToken token) {
        Backer backer = token.administrator();
        return new JsonObject()
                .put("id", token.id())
                .put("name", token.name())
                .put("permissions", scopes(token.permissions()))
                .put("usable_permissions", scopes(token.usable()))
                .put("state", state(token))
                .put("created_by", token.createdBy())
                .put("administrator", backer == null ? null : backer.name())
                .put("created_at", token.createdAt().toString())
                .put("expires_at", token.expiresAt().toString())
                .put("last_used_at", text(token.lastUsedAt()))
                .put("revoked_at", text(token.revokedAt()));
    }

    private static @Nullable String text(@Nullable Instant at) {
        return at == null ? null : at.toString();
    }
}
