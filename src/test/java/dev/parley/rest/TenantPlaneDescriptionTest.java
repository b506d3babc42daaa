package dev.parley.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.parley.protocol.OpenApi;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The OpenAPI document against the routes: neither has an operation that the other has not. */
class TenantPlaneDescriptionTest {
    private static final Set<String> METHODS = Set.of("get", "post", "put", "patch", "delete");
    /** Mounted by themselves. */
    private static final List<String> OTHERS = List.of(
            "GET /v1/chat", "GET /v1/realtime", "GET /v1/realtime/translations", "POST /v1/audio/transcriptions");

    @Test
    void describesEveryOperation() throws Exception {
        JsonNode document = new ObjectMapper().readTree(OpenApi.json("/rest/openapi.yaml"));
        Set<String> described = new TreeSet<>();
        document.path("paths")
                .properties()
                .forEach(path -> path.getValue().fieldNames().forEachRemaining(method -> {
                    if (METHODS.contains(method)) {
                        described.add(method.toUpperCase(Locale.ROOT) + ' ' + path.getKey());
                    }
                }));

        Set<String> served = new TreeSet<>(OTHERS);
        nothing().routes().forEach(route -> served.add(route.toString()));
        CallsApi.ROUTES.forEach(route -> served.add(route.toString()));
        ProviderWebhooks.ROUTES.forEach(route -> served.add(route.toString()));
        assertThat(described).isEqualTo(served);
    }

    @Test
    void everyReferenceIsToSomething() throws Exception {
        JsonNode document = new ObjectMapper().readTree(OpenApi.json("/rest/openapi.yaml"));
        List<String> dangling = new ArrayList<>();
        document.findValuesAsText("$ref").forEach(reference -> {
            if (document.at(reference.substring(1)).isMissingNode()) {
                dangling.add(reference);
            }
        });
        assertThat(dangling).isEmpty();
    }

    @Test
    void aPathFitsWithAnythingInItsVariables() {
        Route route = new Route("GET", "/v1/models/{model}");

        assertThat(route.fits("/v1/models/gpt-realtime")).isTrue();
        assertThat(route.fits("/v1/models/azure/gpt-realtime"))
                .as("a name may have slashes")
                .isTrue();
        assertThat(route.fits("/v1/models")).isFalse();
        assertThat(route.fits("/v1/model/gpt-realtime")).isFalse();
    }

    /** Only the list of the operations is wanted; none is called. */
    @SuppressWarnings("NullAway")
    private static TenantApi nothing() {
        return new TenantApi(null, null, null, null, null, null, null);
    }
}
