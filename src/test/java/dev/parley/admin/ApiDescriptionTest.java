package dev.parley.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.administration.Permission;
import io.vertx.core.json.JsonObject;
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

    @Test
    void describesEveryOperationWithItsPermission() {
        Map<String, String> described = new TreeMap<>();
        JsonObject document = new JsonObject(new ApiDescription().json());
        document.getJsonObject("paths").forEach(path -> operations(path, described));

        Map<String, String> served = new TreeMap<>(OTHERS);
        AdminApi.endpoints(nothing())
                .forEach(endpoint -> served.put(endpoint.method() + " " + endpoint.path(), access(endpoint)));

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

    private static void operations(Map.Entry<String, Object> path, Map<String, String> into) {
        ((JsonObject) path.getValue()).forEach(operation -> {
            if (Set.of("get", "post", "put", "patch", "delete").contains(operation.getKey())) {
                JsonObject described = (JsonObject) operation.getValue();
                boolean open = described.containsKey("security")
                        && described.getJsonArray("security").isEmpty();
                into.put(
                        operation.getKey().toUpperCase(java.util.Locale.ROOT) + " " + path.getKey(),
                        described.getString("x-permission", open ? "anybody" : "browser"));
            }
        });
    }

    private static String access(Endpoint endpoint) {
        Permission permission = endpoint.permission();
        return permission == null ? endpoint.access().name().toLowerCase(java.util.Locale.ROOT) : permission.scope();
    }

    /** Only the list of the operations is wanted; none is called. */
    @SuppressWarnings("NullAway")
    private static AdminApi.Parts nothing() {
        return new AdminApi.Parts(
                null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
                null, null, null, null, null);
    }
}
