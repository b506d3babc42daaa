package dev.parley.session;

import dev.parley.domain.NanoUsd;
import dev.parley.quota.SessionPermit.RateLimit;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What only the node that serves a live session knows of it.
 *
 * @param account of its upstream session; null while it has none, and when each response has its own
 * @param upstreamSession the provider's id, if it gave one
 * @param reserved for what runs and what may begin by itself
 * @param endsAt when it is ended whatever happens
 * @param limits of each minute that hold for it, as far as the node knows them
 */
public record SessionDetail(
        @Nullable String account,
        @Nullable String upstreamSession,
        NanoUsd reserved,
        Instant endsAt,
        List<RateLimit> limits,
        SessionTimeline timeline) {
    public SessionDetail {
        limits = List.copyOf(limits);
    }
}
