package dev.parley.admin;

import dev.parley.administration.Permission;
import io.vertx.core.http.HttpMethod;
import org.jspecify.annotations.Nullable;

/**
 * One operation of the admin API.
 *
 * @param path below {@code /api/v1}, with parameters in braces
 * @param access who may
 * @param permission what it takes, if the access is by permission
 * @param creates whether it takes an {@code Idempotency-Key}
 * @param matches whether it says what it was meant for, with {@code If-Match}
 * @param asksOthers whether it waits for somebody outside, who may be slow
 */
record Endpoint(
        HttpMethod method,
        String path,
        Access access,
        @Nullable Permission permission,
        boolean creates,
        boolean matches,
        boolean asksOthers,
        Handler handler) {

    /** Who may call an operation. */
    enum Access {
        ANYBODY,
        /** Anybody who is signed in with a browser. */
        BROWSER,
        PERMISSION
    }

    /** Does the work, on a virtual thread. */
    interface Handler {
        Answer handle(Call call) throws Exception;
    }

    static Endpoint anybody(HttpMethod method, String path, Handler handler) {
        return new Endpoint(method, path, Access.ANYBODY, null, false, false, false, handler);
    }

    static Endpoint browser(HttpMethod method, String path, Handler handler) {
        return new Endpoint(method, path, Access.BROWSER, null, false, false, false, handler);
    }

    static Endpoint get(String path, Permission permission, Handler handler) {
        return of(HttpMethod.GET, path, permission, handler);
    }

    static Endpoint of(HttpMethod method, String path, Permission permission, Handler handler) {
        return new Endpoint(method, path, Access.PERMISSION, permission, false, false, false, handler);
    }

    /** Makes something new. */
    static Endpoint create(String path, Permission permission, Handler handler) {
        return new Endpoint(HttpMethod.POST, path, Access.PERMISSION, permission, true, false, false, handler);
    }

    /** Changes or removes something that somebody else may have changed since it was read. */
    static Endpoint change(HttpMethod method, String path, Permission permission, Handler handler) {
        return new Endpoint(method, path, Access.PERMISSION, permission, false, true, false, handler);
    }

    /** The same, if it waits for somebody outside. */
    Endpoint askingOthers() {
        return new Endpoint(method, path, access, permission, creates, matches, true, handler);
    }

    /** The path as Vert.x writes it. */
    String routePath() {
        return path.replaceAll("\\{(\\w+)}", ":$1");
    }

    boolean changes() {
        return !method.equals(HttpMethod.GET);
    }
}
