package dev.parley.auth;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.SocketAddress;
import io.vertx.ext.web.client.HttpResponse;
import io.vertx.ext.web.client.WebClient;
import io.vertx.ext.web.client.WebClientOptions;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeoutException;

/**
 * Fetches key sets from addresses that tenants choose, so it trusts none of them: https only, no redirects, no compression,
 * at most {@link #BYTES_MAX} within {@link #TIMEOUT} from the look-up of the name to the last byte. Every address of the
 * name must be public, and the connection goes to the very address that was checked, so a second answer of the name server
 * changes nothing. Names are looked up on threads of their own: a name server that does not answer holds one for many
 * seconds, and only other key sets may wait for it. Thread-safe.
 */
final class JwksFetcher {
    static final int BYTES_MAX = 256 * 1024;
    static final Duration TIMEOUT = Duration.ofSeconds(5);
    private static final int OK = 200;
    private static final int HTTPS_PORT = 443;
    private static final int HTTP_PORT = 80;

    private static final int LOOK_UPS_MAX = 8;

    private final Vertx vertx;
    private final WorkerExecutor lookUps;
    private final Resolver resolver;
    private final boolean allowLoopback;
    private final Duration timeout;

    /** From a host name to its addresses; blocks. */
    @FunctionalInterface
    interface Resolver {
        List<InetAddress> resolve(String host) throws UnknownHostException;
    }

    JwksFetcher(Vertx vertx, boolean allowLoopback) {
        this(vertx, host -> List.of(InetAddress.getAllByName(host)), allowLoopback, TIMEOUT);
    }

    JwksFetcher(Vertx vertx, Resolver resolver, boolean allowLoopback, Duration timeout) {
        this.vertx = vertx;
        this.lookUps = vertx.createSharedWorkerExecutor("key-set-names", LOOK_UPS_MAX);
        this.resolver = resolver;
        this.allowLoopback = allowLoopback;
        this.timeout = timeout;
    }

    /** The document, or a failure whose message is for operators. */
    Future<Buffer> fetch(URI url) {
        Promise<Buffer> promise = Promise.promise();
        WebClient client = WebClient.create(vertx, options("https".equals(url.getScheme())));
        long deadline = vertx.setTimer(
                timeout.toMillis(), _ -> promise.tryFail(new TimeoutException("no key set within " + timeout)));
        lookUps.executeBlocking(() -> checkedAddress(url), false)
                .compose(address -> get(client, url, address))
                .onSuccess(promise::tryComplete)
                .onFailure(promise::tryFail);
        return promise.future().onComplete(_ -> {
            vertx.cancelTimer(deadline);
            // Cuts the connection of a server that is still sending.
            client.close();
        });
    }

    private WebClientOptions options(boolean tls) {
        WebClientOptions options = new WebClientOptions();
        options.setFollowRedirects(false)
                .setUserAgentEnabled(false)
                .setSsl(tls)
                .setVerifyHost(true)
                .setTrustAll(false)
                .setProtocolVersion(HttpVersion.HTTP_1_1)
                .setKeepAlive(false)
                .setDecompressionSupported(false)
                .setConnectTimeout((int) timeout.toMillis());
        return options;
    }

    private static Future<Buffer> get(WebClient client, URI url, InetAddress address) {
        String query = url.getRawQuery() == null ? "" : "?" + url.getRawQuery();
        String path = url.getRawPath().isEmpty() ? "/" : url.getRawPath();
        return client.request(
                        HttpMethod.GET,
                        SocketAddress.inetSocketAddress(port(url), address.getHostAddress()),
                        port(url),
                        url.getHost(),
                        path + query)
                .putHeader("Accept", "application/json")
                .as(new CappedBody(BYTES_MAX))
                .send()
                .compose(JwksFetcher::body);
    }

    private static Future<Buffer> body(HttpResponse<Buffer> response) {
        return response.statusCode() == OK
                ? Future.succeededFuture(response.body())
                : Future.failedFuture(new IllegalStateException("the server answered " + response.statusCode()));
    }

    private static int port(URI url) {
        if (url.getPort() >= 0) {
            return url.getPort();
        }
        return "https".equals(url.getScheme()) ? HTTPS_PORT : HTTP_PORT;
    }

    /** The first address of the host, when all of them may be connected to. */
    private InetAddress checkedAddress(URI url) throws UnknownHostException {
        List<InetAddress> addresses = resolver.resolve(url.getHost());
        boolean loopback = allowLoopback && addresses.stream().allMatch(InetAddress::isLoopbackAddress);
        if (!loopback && !"https".equals(url.getScheme())) {
            throw new IllegalStateException("a key set is fetched over https only");
        }
        for (InetAddress address : addresses) {
            if (!loopback && !PublicAddress.isPublic(address)) {
                throw new IllegalStateException("the host of the key set is not a public address");
            }
        }
        return addresses.getFirst();
    }
}
