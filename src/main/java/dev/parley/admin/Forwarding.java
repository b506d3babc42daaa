package dev.parley.admin;

import dev.parley.config.Networks;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.net.InetAddress;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Who asks, and whether over HTTPS, when reverse proxies stand before the admin plane. Each proxy appends to {@code
 * X-Forwarded-For} whom it was asked by; what stands left of the first that nobody vouches for can be made up, and counts for
 * nothing. Who is no trusted proxy is believed nothing. Thread-safe.
 */
final class Forwarding {
    private static final String ADDRESS = "parley.address";
    private static final String HTTPS_ONLY = "max-age=31536000";

    private final Networks proxies;

    Forwarding(Networks proxies) {
        this.proxies = proxies;
    }

    /** For every request: finds out where it comes from, and has browsers that came over HTTPS come so again. */
    void note(RoutingContext context) {
        HttpServerRequest request = context.request();
        String peer = Objects.requireNonNullElse(request.remoteAddress().hostAddress(), "unknown");
        context.put(ADDRESS, address(peer, request.headers().getAll("X-Forwarded-For")));
        if (secure(request.isSSL(), peer, request.headers().getAll("X-Forwarded-Proto"))) {
            context.response().putHeader("Strict-Transport-Security", HTTPS_ONLY);
        }
        context.next();
    }

    /** Where a request comes from, once it was noted. */
    static String addressOf(RoutingContext context) {
        return Objects.requireNonNull(context.get(ADDRESS), "every request is noted first");
    }

    /** The rightmost address that is none of the trusted proxies; the leftmost if all are. */
    String address(String peer, List<String> forwardedFor) {
        String nearest = peer;
        for (String hop : words(forwardedFor).reversed()) {
            if (!trusts(nearest)) {
                break;
            }
            Optional<InetAddress> address = literal(hop);
            if (address.isEmpty()) {
                break;
            }
            nearest = address.get().getHostAddress();
        }
        return nearest;
    }

    /** What the nearest proxy says, if it is trusted, or that there is none. */
    boolean secure(boolean tls, String peer, List<String> protocols) {
        List<String> said = words(protocols);
        return tls || (trusts(peer) && !said.isEmpty() && said.getLast().equalsIgnoreCase("https"));
    }

    private boolean trusts(String address) {
        return literal(address).filter(proxies::contains).isPresent();
    }

    private static List<String> words(List<String> headers) {
        return headers.stream()
                .flatMap(header -> Stream.of(header.split(",", -1)))
                .map(String::strip)
                .toList();
    }

    /** An address as proxies write it: some with the port behind it, of IPv6 in brackets then. */
    private static Optional<InetAddress> literal(String text) {
        String address = text;
        if (text.startsWith("[")) {
            address = text.substring(1, Math.max(1, text.indexOf(']')));
        } else if (text.indexOf(':') == text.lastIndexOf(':') && text.indexOf(':') >= 0) {
            address = text.substring(0, text.indexOf(':'));
        }
        try {
            return address.indexOf('%') >= 0 ? Optional.empty() : Optional.of(InetAddress.ofLiteral(address));
        } catch (IllegalArgumentException _) {
            return Optional.empty();
        }
    }
}
