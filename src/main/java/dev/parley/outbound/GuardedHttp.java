package dev.parley.outbound;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.SocketAddress;
import io.vertx.ext.web.client.HttpRequest;
import io.vertx.ext.web.client.HttpResponse;
import io.vertx.ext.web.client.WebClient;
import io.vertx.ext.web.client.WebClientOptions;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Makes requests to addresses that others choose, so it trusts none of them: https only, no redirects, no compression, a
 * body of at most {@link #BYTES_MAX}, and one deadline from the look-up of the name to the last byte. Every address of the
 * name must be public, and the connection goes to the very address that was checked, so a second answer of the name server
 * changes nothing. Names are looked up on threads of their own: a name server that does not answer holds one for many
 * seconds, and only other requests of the same purpose may wait for it. Thread-safe.
 */
public final class GuardedHttp {
    /** Of an answer; a longer one is a failure. */
    public static final int BYTES_MAX = 256 * 1024;

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
    public interface Resolver {
        /** The resolver of the JVM. */
        Resolver SYSTEM = host -> List.of(InetAddress.getAllByName(host));

        List<InetAddress> resolve(String host) throws UnknownHostException;
    }

    /**
     * Makes requests for one purpose.
     *
     * @param purpose names its threads
     * @param allowLoopback whether loopback may be reached, over http too; for development
     */
    public GuardedHttp(Vertx vertx, String purpose, Resolver resolver, boolean allowLoopback, Duration timeout) {
        this.vertx = vertx;
        this.lookUps = vertx.createSharedWorkerExecutor(purpose + "-names", LOOK_UPS_MAX);
        this.resolver = resolver;
        this.allowLoopback = allowLoopback;
        this.timeout = timeout;
    }

    /** The answer, whatever its status, or an {@link OutboundException}. */
    public Future<HttpResponse<Buffer>> send(
            HttpMethod method, URI url, Map<String, String> headers, @Nullable Buffer body) {
        Promise<HttpResponse<Buffer>> promise = Promise.promise();
        WebClient client = WebClient.create(vertx, options("https".equals(url.getScheme())));
        long deadline = vertx.setTimer(
                timeout.toMillis(),
                _ -> promise.tryFail(new OutboundException("no answer within " + timeout.toMillis() + " ms", null)));
        lookUps.executeBlocking(() -> checkedAddress(url), false)
                .compose(address -> {
                    HttpRequest<Buffer> request = request(client, method, url, address);
                    headers.forEach(request::putHeader);
                    return body == null ? request.send() : request.sendBuffer(body);
                })
                .onSuccess(promise::tryComplete)
                .onFailure(failure -> promise.tryFail(told(failure)));
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

    private static HttpRequest<Buffer> request(WebClient client, HttpMethod method, URI url, InetAddress address) {
        String query = url.getRawQuery() == null ? "" : "?" + url.getRawQuery();
        String path = url.getRawPath().isEmpty() ? "/" : url.getRawPath();
        return client.request(
                        method,
                        SocketAddress.inetSocketAddress(port(url), address.getHostAddress()),
                        port(url),
                        url.getHost(),
                        path + query)
                .as(new CappedBody(BYTES_MAX));
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
            throw new OutboundException("this host is reached over https only", null);
        }
        for (InetAddress address : addresses) {
            if (!loopback && !PublicAddress.isPublic(address)) {
                throw new OutboundException("the host is not at a public address", null);
            }
        }
        return addresses.getFirst();
    }

    /** In words from a small set: messages of libraries may quote the URL. */
    private static OutboundException told(Throwable failure) {
        return switch (failure) {
            case OutboundException known -> known;
            case UnknownHostException unknown -> new OutboundException("the host's name is not known", unknown);
            case ConnectException refused -> new OutboundException("the host takes no connection", refused);
            case SSLException tls -> new OutboundException("no trusted TLS connection", tls);
            default ->
                new OutboundException(
                        "the connection failed: " + failure.getClass().getSimpleName(), failure);
        };
    }
}
