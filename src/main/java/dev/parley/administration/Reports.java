package dev.parley.administration;

import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the admin plane shows of what is in the database: rows as the admin API writes them, with money as text in
 * nano-dollars and times in ISO 8601. Blocks. Thread-safe.
 */
public interface Reports {
    /** The figures of the overview: now, and minute by minute over the last hour. */
    JsonObject overview();

    /** Live sessions as their permits say, the oldest first. */
    List<JsonObject> liveSessions();

    /**
     * Live sessions by their ids; the cursor is an id.
     *
     * @param search a part of the subject, or how the id begins
     */
    List<JsonObject> liveSessions(Page page, @Nullable String tenant, @Nullable String search);

    /** One session, live or of the past, with what it cost; empty if nothing is known of it. */
    Optional<JsonObject> session(String id);

    /** The usage entries of a session, the oldest first. */
    List<JsonObject> sessionUsage(String id, int most);

    List<JsonObject> tenants(Page page, @Nullable String search);

    Optional<JsonObject> tenant(String id);

    /** All plans, each with how many tenants are on it. */
    List<JsonObject> plans();

    /** The windows of a tenant's budgets and quotas that run now. */
    List<JsonObject> budgets(String tenant);

    /** At most {@link UsageQuestion#ROWS_MAX} rows and one more, by which the caller knows that there are too many. */
    List<JsonObject> usage(UsageQuestion question);

    /** How the ledger stands for who bills from it: periods, seals, who reads them, corrections, and what dead nodes hold. */
    JsonObject billing();

    /** Errors by code and origin, with how many in each of 24 equal parts of the time asked for. */
    List<JsonObject> errorGroups(Instant from, Instant to, @Nullable String tenant);

    /** Single errors, the newest first; the cursor is an error's number. */
    List<JsonObject> errors(Page page, Filter filter);

    List<JsonObject> nodes();

    /** The catalogue, each model with all versions of its price. */
    List<JsonObject> models();

    /** The newest first; the cursor is an entry's number. */
    List<JsonObject> audit(Page page, @Nullable String target, @Nullable String actor);

    /** @param after the cursor of the page before; null for the first */
    record Page(@Nullable String after, int limit) {}

    /** Which errors. */
    record Filter(
            @Nullable String code,
            @Nullable String tenant,
            @Nullable String session) {}

    /**
     * @param by at most two of {@code tenant, subject, model, work, kind, status, account, node}
     * @param bucket {@code minute}, {@code hour}, {@code day}, {@code month} or {@code none}
     * @param top of a single dimension only so many, the dearest; the others are one together, whose name is null. 0: all
     */
    record UsageQuestion(
            Instant from,
            Instant to,
            String bucket,
            List<String> by,
            int top,
            @Nullable String tenant,
            @Nullable String subject,
            @Nullable String model) {
        public static final int ROWS_MAX = 10_000;
        private static final Duration LONG = Duration.ofDays(2);
        private static final Set<String> SUMMED_BY = Set.of("tenant", "subject", "model", "work");

        /** The same with times that hourly sums can answer, if it asks for so much time that they have to. */
        public UsageQuestion widened() {
            Instant begin = from.truncatedTo(ChronoUnit.HOURS);
            Instant full = to.truncatedTo(ChronoUnit.HOURS);
            Instant end = full.equals(to) ? to : full.plus(1, ChronoUnit.HOURS);
            return Duration.between(from, to).compareTo(LONG) > 0
                            && SUMMED_BY.containsAll(by)
                            && !bucket.equals("minute")
                    ? new UsageQuestion(begin, end, bucket, by, top, tenant, subject, model)
                    : this;
        }

        /** Whether hourly sums answer it. */
        public boolean hourly() {
            return Duration.between(from, to).compareTo(LONG) > 0
                    && SUMMED_BY.containsAll(by)
                    && !bucket.equals("minute")
                    && from.equals(from.truncatedTo(ChronoUnit.HOURS))
                    && to.equals(to.truncatedTo(ChronoUnit.HOURS));
        }
    }
}
