package dev.parley.admin;

import dev.parley.administration.Administrator;
import dev.parley.administration.AdministratorStore;
import dev.parley.administration.ApiTokenStore;
import dev.parley.administration.Permission;
import dev.parley.administration.Role;
import dev.parley.administration.SignIn;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Administrators and the browsers that they are signed in with. There is always an owner. Nobody gives, takes away or gets at
 * a role that can do more than they can themselves: an API token may have this permission and few others.
 */
final class AdministratorResource {
    private static final int NAME_MAX = 128;

    private final AdministratorStore store;
    private final ApiTokenStore tokens;
    private final SignIn signIn;
    private final Changes changes;

    AdministratorResource(AdministratorStore store, ApiTokenStore tokens, SignIn signIn, Changes changes) {
        this.store = store;
        this.tokens = tokens;
        this.signIn = signIn;
        this.changes = changes;
    }

    List<Endpoint> endpoints() {
        return List.of(
                Endpoint.get("/administrators", Permission.ADMINISTRATORS_READ, _ -> list()),
                Endpoint.create("/administrators", Permission.ADMINISTRATORS_WRITE, this::create),
                Endpoint.change(
                        HttpMethod.PATCH, "/administrators/{name}", Permission.ADMINISTRATORS_WRITE, this::change),
                Endpoint.change(
                        HttpMethod.DELETE, "/administrators/{name}", Permission.ADMINISTRATORS_WRITE, this::delete),
                Endpoint.of(
                        HttpMethod.POST, "/administrators/{name}/link", Permission.ADMINISTRATORS_WRITE, this::link),
                Endpoint.get("/console-sessions", Permission.ADMINISTRATORS_READ, this::sessions),
                Endpoint.of(
                        HttpMethod.DELETE,
                        "/console-sessions/{id}",
                        Permission.ADMINISTRATORS_WRITE,
                        this::endSession));
    }

    private Answer list() {
        return Call.list(store.list().stream().map(AdministratorResource::json).toList());
    }

    private Answer create(Call call) {
        Fields fields = call.fields();
        String name =
                fields.parsed("name", NAME_MAX, Administrator::checkedName).orElse("");
        if (!fields.has("name")) {
            fields.mistake("name", "is required");
        }
        Role role = fields.parsed("role", NAME_MAX, Role::of).orElse(Role.VIEWER);
        fields.done();
        refuseAbove(call, role);
        return changes.inTransaction(() -> {
            Administrator made = store.create(name, role, null)
                    .orElseThrow(() -> Problem.conflict("There is an administrator '" + name + "' already."));
            changes.note(call, "administrator.create", target(name), null, settings(made));
            return Answer.created(json(made).put("link_secret", signIn.link(made)))
                    .version(made.generation())
                    .shownOnce();
        });
    }

    private Answer change(Call call) {
        Fields fields = call.fields();
        Optional<Role> role = fields.parsed("role", NAME_MAX, Role::of);
        Optional<Boolean> disabled = fields.flag("disabled");
        fields.done();
        return changes.inTransaction(() -> {
            Administrator old = unchanged(call);
            role.ifPresent(wanted -> refuseAbove(call, wanted));
            Administrator changed = store.change(
                            old.name(), old.generation(), role.orElse(old.role()), disabled.orElse(old.disabled()))
                    .orElseThrow(Problem::changedMeanwhile);
            refuseWithoutOwner();
            store.endSessions(old.id(), ownSession(call, old));
            changes.note(call, "administrator.change", target(old.name()), settings(old), settings(changed));
            return Answer.ok(json(changed)).version(changed.generation());
        });
    }

    private Answer delete(Call call) {
        return changes.inTransaction(() -> {
            Administrator old = unchanged(call);
            ApiTokenResource.noteEnd(changes, call, tokens.revokeAllOf(old.id()));
            store.delete(old.name());
            refuseWithoutOwner();
            changes.note(call, "administrator.delete", target(old.name()), settings(old), null);
            return Answer.none();
        });
    }

    private Answer link(Call call) {
        call.fields().done();
        return changes.inTransaction(() -> {
            Administrator administrator = withinReach(call);
            String secret = signIn.link(administrator);
            changes.note(call, "administrator.link", target(administrator.name()), null, null);
            return Answer.created(new JsonObject()
                    .put("link_secret", secret)
                    .put("expires_in_seconds", SignIn.LINK_LIFE.toSeconds()));
        });
    }

    private Answer sessions(Call call) {
        String own = call.principal().session() == null
                ? ""
                : call.principal().session().id();
        return Call.list(store.sessions(SignIn.IDLE_MAX, SignIn.LIFE_MAX).stream()
                .map(session -> BrowserResource.json(session, own))
                .toList());
    }

    private Answer endSession(Call call) {
        String id = call.path("id");
        return changes.inTransaction(() -> {
            if (!store.endSession(id)) {
                throw Problem.notFound("There is no such session.");
            }
            changes.note(call, "console_session.end", "console_session/" + id, null, null);
            return Answer.none();
        });
    }

    private static void refuseAbove(Call call, Role role) {
        if (!call.principal().permissions().containsAll(role.permissions())) {
            throw Problem.forbidden("The role " + role.word() + " can do more than you can.");
        }
    }

    private void refuseWithoutOwner() {
        if (store.owners() == 0) {
            throw Problem.conflict("Somebody has to be owner: make another one first.");
        }
    }

    /** Whom the path names, if they can do no more than who asks; nobody else changes them until the transaction ends. */
    private Administrator withinReach(Call call) {
        Administrator found = store.findForChange(call.path("name"))
                .orElseThrow(() -> Problem.notFound("There is no administrator of this name."));
        refuseAbove(call, found.role());
        return found;
    }

    /** The same, if they are as who asks has seen them. */
    private Administrator unchanged(Call call) {
        Administrator found = withinReach(call);
        if (found.generation() != call.ifMatch()) {
            throw Problem.changedMeanwhile();
        }
        return found;
    }

    /** Whoever changes their own role stays signed in. */
    private static @Nullable String ownSession(Call call, Administrator changed) {
        var session = call.principal().session();
        return session != null && session.administrator().id() == changed.id() ? session.id() : null;
    }

    private static String target(String name) {
        return "administrator/" + name;
    }

    private static JsonObject settings(Administrator one) {
        return new JsonObject().put("role", one.role().word()).put("disabled", one.disabled());
    }

    private static JsonObject json(Administrator one) {
        Instant locked = one.lockedUntil();
        return settings(one)
                .put("name", one.name())
                .put("generation", one.generation())
                .put("has_password", one.passwordHash() != null)
                .put("of_provider", one.subject() != null)
                .put("locked_until", locked == null ? null : locked.toString())
                .put("created_at", one.createdAt().toString())
                .put(
                        "last_sign_in_at",
                        one.lastSignInAt() == null ? null : one.lastSignInAt().toString());
    }
}
