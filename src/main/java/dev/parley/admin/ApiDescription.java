package dev.parley.admin;

import dev.parley.protocol.OpenApi;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;

/** The OpenAPI document of the admin API: written as YAML beside the code, served as JSON. */
final class ApiDescription {
    private final String json = OpenApi.json("/admin/openapi.yaml");

    String json() {
        return json;
    }

    void serve(RoutingContext context) {
        context.response()
                .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
                .end(json);
    }
}
