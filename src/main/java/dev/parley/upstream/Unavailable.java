package dev.parley.upstream;

import dev.parley.domain.Refusal;
import dev.parley.domain.Refusal.Kind;
import java.time.Duration;

/** What a client is told when its session finds no upstream; never a fact about the provider's account. Pure. */
public final class Unavailable {
    private static final Duration RETRY_SOON = Duration.ofSeconds(5);

    private Unavailable() {}

    public static Refusal refusal(String message) {
        return Refusal.of(Kind.UPSTREAM_UNAVAILABLE, "upstream_unavailable", message)
                .retryAfter(RETRY_SOON);
    }
}
