package dev.parley.admin;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The console: what the build of {@code web-admin} has put into the jar, read once and served from memory. Everything comes
 * from this origin, which the policy of its page says too.
 */
final class ConsoleFiles {
    private static final String FOLDER = "/console/";
    private static final String INDEX = "index.html";
    private static final String POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
                    + " connect-src 'self'; font-src 'self'; media-src 'self' blob:; base-uri 'none'; form-action 'none';"
                    + " frame-ancestors 'none'";
    private static final String FOR_EVER = "public, max-age=31536000, immutable";
    private static final Map<String, String> TYPES = Map.of(
            "html", "text/html; charset=utf-8",
            "js", "text/javascript; charset=utf-8",
            "css", "text/css; charset=utf-8",
            "svg", "image/svg+xml",
            "json", "application/json",
            "webmanifest", "application/manifest+json");

    private final Map<String, File> files;

    ConsoleFiles() {
        this.files = read();
    }

    void serve(RoutingContext context) {
        String path = context.request().path().substring(1);
        File file = files.get(path.isEmpty() ? INDEX : path);
        HttpServerResponse response = context.response();
        if (file == null) {
            context.next();
            return;
        }
        boolean zipped = file.gzip() != null
                && Optional.ofNullable(context.request().getHeader(HttpHeaders.ACCEPT_ENCODING))
                        .orElse("")
                        .contains("gzip");
        response.putHeader(HttpHeaders.CONTENT_TYPE, file.type())
                .putHeader(HttpHeaders.CACHE_CONTROL, path.startsWith("assets/") ? FOR_EVER : "no-cache")
                .putHeader(HttpHeaders.VARY, "Accept-Encoding");
        if (zipped) {
            response.putHeader(HttpHeaders.CONTENT_ENCODING, "gzip").end(file.gzip());
        } else {
            response.end(file.plain());
        }
    }

    boolean bundled() {
        return files.containsKey(INDEX);
    }

    /** For every answer of the admin plane. */
    static void protect(RoutingContext context) {
        context.response()
                .putHeader("Content-Security-Policy", POLICY)
                .putHeader("X-Content-Type-Options", "nosniff")
                .putHeader("X-Frame-Options", "DENY")
                .putHeader("Referrer-Policy", "no-referrer")
                .putHeader("Cross-Origin-Opener-Policy", "same-origin")
                .putHeader("Cross-Origin-Resource-Policy", "same-origin")
                .putHeader("Permissions-Policy", "camera=(), geolocation=(), microphone=(self), payment=(), usb=()");
        context.next();
    }

    private static Map<String, File> read() {
        Map<String, File> all = new HashMap<>();
        Optional<Buffer> list = resource("files.txt");
        if (list.isEmpty()) {
            return all;
        }
        List<String> names = list.get().toString(StandardCharsets.UTF_8).lines().toList();
        for (String name : names) {
            String ending = name.substring(name.lastIndexOf('.') + 1);
            Buffer plain = resource(name).orElseThrow();
            all.put(
                    name,
                    new File(
                            TYPES.getOrDefault(ending, "application/octet-stream"),
                            plain,
                            resource(name + ".gz").orElse(null)));
        }
        return all;
    }

    private static Optional<Buffer> resource(String name) {
        try (InputStream stream = ConsoleFiles.class.getResourceAsStream(FOLDER + name)) {
            return stream == null ? Optional.empty() : Optional.of(Buffer.buffer(stream.readAllBytes()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private record File(String type, Buffer plain, @Nullable Buffer gzip) {}
}
