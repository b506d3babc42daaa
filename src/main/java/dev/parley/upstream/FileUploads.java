package dev.parley.upstream;

import dev.parley.config.AccountConfig;
import dev.parley.domain.ModelName;
import dev.parley.upstream.UpstreamConnector.Target;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Requests to accounts that carry a file. Connections are of one request each. Thread-safe; used on event loops. */
public final class FileUploads implements AutoCloseable {
    private static final Duration CONNECT_MAX = Duration.ofSeconds(10);
    /** Files under way to one host; as many may wait for a place. */
    private static final int AT_ONCE_MAX = 256;

    private final Vertx vertx;
    private final Accounts accounts;
    /** By the authorities that an account is to be trusted by. */
    private final Map<String, HttpClient> clients = new ConcurrentHashMap<>();

    public FileUploads(Vertx vertx, Accounts accounts) {
        this.vertx = vertx;
        this.accounts = accounts;
    }

    /**
     * A request under way.
     *
     * @param account its name
     * @param names what the account calls models
     */
    public record Upload(HttpClientRequest request, String account, ProviderNames names) {}

    /**
     * Begins a request at an account that has the model; empty if there is none.
     *
     * @param model null if it is not known yet: then at one that has all
     */
    public Optional<Future<Upload>> begin(@Nullable ModelName model, String path, String contentType, long now) {
        List<Account> able = accounts.all().stream()
                .filter(Account::isActive)
                .filter(account ->
                        model == null ? account.config().models().isEmpty() : account.serves(new Target(model)))
                .filter(account -> account.breaker().mayPassBefore(now + 1))
                .toList();
        if (able.isEmpty()) {
            return Optional.empty();
        }
        Account account = Accounts.leastLoaded(able, now);
        AccountConfig config = account.config();
        return Optional.of(client(config).request(options(config, path)).map(request -> {
            request.putHeader("Content-Type", contentType).setChunked(true);
            return new Upload(request, account.name(), new ProviderNames(config.models()));
        }));
    }

    @Override
    public void close() {
        clients.values().forEach(HttpClient::close);
    }

    private HttpClient client(AccountConfig config) {
        return clients.computeIfAbsent(String.valueOf(config.trust()), _ -> {
            HttpClientOptions options =
                    new HttpClientOptions().setKeepAlive(false).setConnectTimeout((int) CONNECT_MAX.toMillis());
            if (config.trust() != null) {
                options.setTrustOptions(TrustedAuthorities.systemAnd(config.trust()));
            }
            return vertx.httpClientBuilder()
                    .with(options)
                    .with(new PoolOptions().setHttp1MaxSize(AT_ONCE_MAX).setMaxWaitQueueSize(AT_ONCE_MAX))
                    .build();
        });
    }

    /** A POST to an account, with its credential. */
    static RequestOptions options(AccountConfig config, String path) {
        AccountAddress address = new AccountAddress(config);
        RequestOptions options = new RequestOptions()
                .setMethod(HttpMethod.POST)
                .setHost(address.host())
                .setPort(address.port())
                .setSsl(address.isTls())
                .setURI(address.path(path))
                .setConnectTimeout(CONNECT_MAX.toMillis());
        address.headers(options::putHeader);
        return options;
    }
}
