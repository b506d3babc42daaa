package dev.parley.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.administration.Permission;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The OpenAPI document against the routes: neither has an operation that the other has not. */
class ApiDescriptionTest {
    /** Mounted by themselves. */
    private static final Map<String, String> OTHERS = Map.of(
            "GET /openapi.json",
            "anybody",
            "GET /sessions/stream",
            Permission.SESSIONS_READ.scope(),
            "GET /playground/socket",
            Permission.SESSIONS_READ.scope());

    /** What takes no {@code If-Match}, and why nobody overwrites anything with it. */
    private static final Map<String, String> ENDINGS = Map.of(
            "DELETE /session", "signs out the browser that asks",
            "DELETE /session/browsers/{id}", "a session does not change, and its id is never used again",
            "DELETE /console-sessions/{id}", "a session does not change, and its id is never used again",
            "PUT /session/password", "takes the password before, which only who set it knows",
            "DELETE /tenants/{tenant}/issuers", "an issuer does not change: it is trusted or not",
            "DELETE /tenants/{tenant}/origins", "a page does not change: it is listed or not",
            "DELETE /model-aliases", "an alias does not change: it is removed and added",
            "DELETE /api-tokens/{id}", "a token does not change, and its id is never used again",
            "DELETE /webhooks/{webhook}", "address and secret do not change, and its id is never used again");

    @Test
    void describesEveryOperationWithItsPermission() {
        Map<String, String> described = new TreeMap<>();
        JsonObject document = new JsonObject(new ApiDescription().json());
        document.getJsonObject("paths").forEach(path -> operations(path, described));

        Map<String, String> served = new TreeMap<>(OTHERS);
        AdminApi.endpoints(nothing()).forEach(endpoint -> served.put(name(endpoint), access(endpoint)));

        assertThat(described).isEqualTo(served);
    }

    @Test
    void everyCreateTakesAnIdempotencyKeyAndSaysSo() {
        JsonObject paths = new JsonObject(new ApiDescription().json()).getJsonObject("paths");
        Set<String> keyed = paths.fieldNames().stream()
                .filter(path -> paths.getJsonObject(path)
                        .getJsonObject("post", new JsonObject())
                        .encode()
                        .contains("IdempotencyKey"))
                .collect(Collectors.toSet());

        assertThat(keyed)
                .isEqualTo(AdminApi.endpoints(nothing()).stream()
                        .filter(Endpoint::creates)
                        .map(Endpoint::path)
                        .collect(Collectors.toSet()));
    }

    @Test
    void everyChangeOfWhatOthersMayHaveChangedIsMeantForAVersion() {
        JsonObject paths = new JsonObject(new ApiDescription().json()).getJsonObject("paths");
        Map<String, Boolean> changes = AdminApi.endpoints(nothing()).stream()
                .filter(endpoint -> endpoint.changes() && !endpoint.method().equals(HttpMethod.POST))
                .collect(Collectors.toMap(ApiDescriptionTest::name, Endpoint::matches));
        Set<String> described = changes.keySet().stream()
                .filter(change -> asksForVersion(paths, change))
                .collect(Collectors.toSet());

        assertThat(changes.keySet().stream().filter(change -> !ENDINGS.containsKey(change)))
                .isNotEmpty()
                .allSatisfy(change -> assertThat(changes).containsEntry(change, true));
        assertThat(changes)
                .containsAllEntriesOf(
                        ENDINGS.keySet().stream().collect(Collectors.toMap(ending -> ending, _ -> false)));
        assertThat(described)
                .isEqualTo(changes.keySet().stream().filter(changes::get).collect(Collectors.toSet()));
    }

    private static boolean asksForVersion(JsonObject paths, String change) {
        String[] words = change.split(" ");
        JsonObject operation = paths.getJsonObject(words[1]).getJsonObject(words[0].toLowerCase(Locale.ROOT));
        return operation.encode().contains("parameters/IfMatch")
                && operation.getJsonObject("responses").fieldNames().containsAll(Set.of("412", "428"));
    }

    private static String name(Endpoint endpoint) {
        return endpoint.method() + " " + endpoint.path();
    }

    private static void operations(Map.Entry<String, Object> path, Map<String, String> into) {
        ((JsonObject) path.getValue()).forEach(operation -> {
            if (Set.of("get", "post", "put", "patch", "delete").contains(operation.getKey())) {
                JsonObject described = (JsonObject) operation.getValue();
                boolean open = described.containsKey("security")
                        && described.getJsonArray("security").isEmpty();
                into.put(
                        operation.getKey().toUpperCase(Locale.ROOT) + " " + path.getKey(),
                        described.getString("x-permission", open ? "anybody" : "browser"));
            }
        });
    }

    private static String access(Endpoint endpoint) {
        Permission permission = endpoint.permission();
        return permission == null ? endpoint.access().name().toLowerCase(Locale.ROOT) : permission.scope();
    }

    /** Only the list of the operations is wanted; none is called. */
    @SuppressWarnings("NullAway")
    private static AdminApi.Parts nothing() {
        return new AdminApi.Parts(
                null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
                null, null, null, null, null, null, null);
    }
}
