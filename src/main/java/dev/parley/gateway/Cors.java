package dev.parley.gateway;

import dev.parley.tenancy.OriginBook;
import io.vertx.core.MultiMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What browsers are told about requests from other pages. Before a credential is there, an origin counts that any tenant
 * lists; whether it is this tenant's is judged with the credential. Pure.
 */
final class Cors {
    private static final Pattern HEADER_NAMES = Pattern.compile("[A-Za-z0-9-]{1,64}(, ?[A-Za-z0-9-]{1,64}){0,31}");
    private static final String PREFLIGHT_SECONDS = "600";

    private Cors() {}

    /** Whether it is the question that a browser asks before the request. */
    static boolean isPreflight(String method, MultiMap headers) {
        return method.equals("OPTIONS")
                && headers.contains("Origin")
                && headers.contains("Access-Control-Request-Method");
    }

    /** The headers of an answer; none for an origin that nobody lists. */
    static Map<String, String> of(@Nullable String origin, OriginBook origins) {
        return origin == null || !origins.isListed(origin)
                ? Map.of("Vary", "Origin")
                : Map.of(
                        "Access-Control-Allow-Origin",
                        origin,
                        "Access-Control-Expose-Headers",
                        "Location, Retry-After",
                        "Vary",
                        "Origin");
    }

    /** The headers of the answer to the question before. */
    static Map<String, String> ofPreflight(MultiMap headers) {
        String asked = headers.get("Access-Control-Request-Headers");
        return Map.of(
                "Access-Control-Allow-Methods",
                "GET, POST",
                "Access-Control-Allow-Headers",
                asked != null && HEADER_NAMES.matcher(asked).matches() ? asked : "authorization, content-type",
                "Access-Control-Max-Age",
                PREFLIGHT_SECONDS);
    }
}
