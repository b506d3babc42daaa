package dev.parley.auth;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/** Asks the OpenID provider, which an operator has chosen: no redirects, one deadline, bounded answers. Blocks. Thread-safe. */
final class OpenIdHttp implements AutoCloseable {
    static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final int BYTES_MAX = 256 * 1024;
    private static final int OK = 200;

    private final HttpClient client =
            HttpClient.newBuilder().connectTimeout(PATIENCE).build();

    static HttpRequest get(URI address) {
        return HttpRequest.newBuilder(address)
                .header("Accept", "application/json")
                .timeout(PATIENCE)
                .build();
    }

    /** @param what is asked, for the message of a failure */
    ObjectNode object(HttpRequest request, String what) throws OpenIdException {
        return StrictJson.object(bytes(request, what))
                .orElseThrow(() -> new OpenIdException("the provider's " + what + " answered no JSON object"));
    }

    byte[] bytes(HttpRequest request, String what) throws OpenIdException {
        try {
            HttpResponse<byte[]> response = client.sendAsync(
                            request, BodyHandlers.limiting(BodyHandlers.ofByteArray(), BYTES_MAX))
                    .orTimeout(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
                    .join();
            if (response.statusCode() != OK) {
                throw new OpenIdException("the provider's " + what + " answered " + response.statusCode());
            }
            return response.body();
        } catch (CompletionException failure) {
            Throwable cause = failure.getCause() == null ? failure : failure.getCause();
            throw new OpenIdException(
                    "the provider's " + what + " gave no answer: "
                            + cause.getClass().getSimpleName(),
                    failure);
        }
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
