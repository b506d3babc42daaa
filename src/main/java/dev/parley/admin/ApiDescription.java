package dev.parley.admin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** The OpenAPI document of the admin API: written as YAML beside the code, served as JSON. */
final class ApiDescription {
    private static final String RESOURCE = "/admin/openapi.yaml";

    private final String json;

    ApiDescription() {
        try (InputStream yaml = ApiDescription.class.getResourceAsStream(RESOURCE)) {
            JsonNode tree = new ObjectMapper(new YAMLFactory()).readTree(yaml);
            json = tree.toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String json() {
        return json;
    }

    void serve(RoutingContext context) {
        context.response()
                .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
                .end(json);
    }
}
