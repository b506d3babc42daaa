package dev.parley.turn;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Looks at everything that is said in a storm. Each turn has a canary, {@code canary-tenant-session-turn.}, that no other
 * session may ever hear; and each turn is followed through what it waits for.
 */
final class StormWatch {
    private static final Pattern CANARY = Pattern.compile("canary-([a-z]+)-(\\d+)-(\\d+)\\.");

    private final Map<String, Await> awaits = new HashMap<>();
    private final Map<Await, int[]> hits = new EnumMap<>(Await.class);
    long turns;
    long cancels;
    long drops;
    long resumes;
    long discontinuities;
    long messages;
    long canaries;
    long strangers;
    long duplicates;
    long completed;
    long refused;
    private final Map<String, Integer> refusals = new TreeMap<>();

    /** What a turn waits for. */
    enum Await {
        COVER_OR_PLACE,
        CREATED,
        DONE,
        COMMIT
    }

    void awaits(String canary, Await what) {
        awaits.put(canary, what);
    }

    void ended(String canary) {
        awaits.remove(canary);
    }

    void refused(String code) {
        refused++;
        refusals.merge(code, 1, Integer::sum);
    }

    /** A client cancels or leaves now. */
    void hit(String canary, boolean drop) {
        Await at = awaits.get(canary);
        if (at != null) {
            hits.computeIfAbsent(at, _ -> new int[2])[drop ? 1 : 0]++;
        }
    }

    /** Nobody but this session may find its canaries in what it hears. */
    void heardBy(String tenant, int session, String text) {
        messages++;
        int at = text.indexOf("canary-");
        if (at < 0) {
            return;
        }
        String mine = "canary-" + tenant + '-' + session + '-';
        while (at >= 0) {
            canaries++;
            if (!text.startsWith(mine, at)) {
                throw new AssertionError(mine + " hears " + text);
            }
            at = text.indexOf("canary-", at + 1);
        }
    }

    /** @return the newest canary of a request, whose canaries are all of one session of this tenant; null without one */
    static @Nullable String inRequest(String tenant, String text) {
        Matcher found = CANARY.matcher(text);
        Set<String> sessions = new HashSet<>();
        String newest = null;
        while (found.find()) {
            assertThat(found.group(1))
                    .as("tenant on an upstream session of " + tenant)
                    .isEqualTo(tenant);
            sessions.add(found.group(2));
            newest = found.group();
        }
        assertThat(sessions).as("sessions in one request").hasSizeLessThanOrEqualTo(1);
        return newest;
    }

    String figures() {
        StringBuilder text = new StringBuilder();
        text.append(turns)
                .append(" turns (")
                .append(completed)
                .append(" completed, ")
                .append(refused);
        text.append(" refused ")
                .append(refusals)
                .append("), ")
                .append(cancels)
                .append(" cancels, ")
                .append(drops)
                .append(" drops, ")
                .append(resumes)
                .append(" resumes (")
                .append(discontinuities)
                .append(" told of a gap), ");
        text.append(strangers)
                .append(" events without an owner, ")
                .append(duplicates)
                .append(" said twice; ");
        text.append(messages)
                .append(" messages to clients with ")
                .append(canaries)
                .append(" canaries; cancels+drops at ");
        hits.forEach((await, count) -> text.append(await)
                .append('=')
                .append(count[0])
                .append('+')
                .append(count[1])
                .append(' '));
        return text.toString().trim();
    }

    /** Whether cancels and drops have hit every await. */
    boolean hasHitEverything() {
        return hits.size() == Await.values().length
                && hits.values().stream().allMatch(count -> count[0] > 0 && count[1] > 0);
    }
}
