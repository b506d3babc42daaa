package dev.parley.admin;

import dev.parley.administration.AdministratorStore;
import dev.parley.administration.AdministratorStore.Session;
import dev.parley.administration.Principal.Browser;
import dev.parley.administration.SignIn;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Objects;

/** The browsers that one is signed in with oneself, whatever one's role. */
final class BrowserResource {
    private final AdministratorStore store;
    private final Changes changes;

    BrowserResource(AdministratorStore store, Changes changes) {
        this.store = store;
        this.changes = changes;
    }

    List<Endpoint> endpoints() {
        return List.of(
                Endpoint.browser(HttpMethod.GET, "/session/browsers", this::list),
                Endpoint.browser(HttpMethod.DELETE, "/session/browsers/{id}", this::end));
    }

    private Answer list(Call call) {
        Browser own = own(call);
        return Call.list(store.sessions(SignIn.IDLE_MAX, SignIn.LIFE_MAX).stream()
                .filter(session ->
                        session.administrator().id() == own.administrator().id())
                .map(session -> json(session, own.id()))
                .toList());
    }

    /** Another administrator's does not exist here. */
    private Answer end(Call call) {
        String id = call.path("id");
        return changes.inTransaction(() -> {
            if (!store.endSessionOf(own(call).administrator().id(), id)) {
                throw Problem.notFound("You are not signed in with such a browser.");
            }
            changes.note(call, "console_session.end", "console_session/" + id, null, null);
            return Answer.none();
        });
    }

    private static Browser own(Call call) {
        return Objects.requireNonNull(call.principal().session(), "only browsers come here");
    }

    /** @param own the session that asks */
    static JsonObject json(Session session, String own) {
        return new JsonObject()
                .put("id", session.id())
                .put("administrator", session.administrator().name())
                .put("created_at", session.createdAt().toString())
                .put("seen_at", session.seenAt().toString())
                .put("address", session.address())
                .put("agent", session.agent())
                .put("current", session.id().equals(own));
    }
}
