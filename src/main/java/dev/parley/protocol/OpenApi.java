package dev.parley.protocol;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** OpenAPI documents: written as YAML beside the code, served as JSON. */
public final class OpenApi {
    private OpenApi() {}

    /**
     * The document as JSON.
     *
     * @param resource a YAML file of the class path
     */
    public static String json(String resource) {
        try (InputStream yaml = OpenApi.class.getResourceAsStream(resource)) {
            return new ObjectMapper(new YAMLFactory()).readTree(yaml).toString();
        } catch (IOException e) {
            throw new UncheckedIOException(resource, e);
        }
    }
}
