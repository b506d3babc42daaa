package dev.parley.session;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The responses that were asked for and those that run. Bounded by {@link #OPEN_MAX}. */
final class ResponseBook {
    /** More at once than this are refused; the default conversation runs one, the others are out of band. */
    static final int OPEN_MAX = 32;

    private final List<PendingCreate> pending = new ArrayList<>();
    private final Map<String, OpenResponse> open = new LinkedHashMap<>();
    private volatile int openCount;

    boolean full() {
        return pending.size() + open.size() >= OPEN_MAX;
    }

    boolean empty() {
        return pending.isEmpty() && open.isEmpty();
    }

    /** Callable from any thread. */
    int openCount() {
        return openCount;
    }

    Collection<OpenResponse> open() {
        return List.copyOf(open.values());
    }

    Collection<PendingCreate> pending() {
        return List.copyOf(pending);
    }

    void add(PendingCreate create) {
        pending.add(create);
    }

    void remove(PendingCreate create) {
        pending.remove(create);
    }

    /**
     * The oldest create that was sent and can be the cause of a response.
     *
     * @param standard whether the response belongs to the default conversation; null if it did not say
     */
    Optional<PendingCreate> takeFor(@Nullable Boolean standard) {
        return take(create ->
                create.cover() != null && (standard == null || create.terms().standard() == standard));
    }

    Optional<PendingCreate> takeSent(String eventId) {
        return take(create -> create.sentEventId().equals(eventId));
    }

    private Optional<PendingCreate> take(Predicate<PendingCreate> which) {
        Optional<PendingCreate> found = pending.stream().filter(which).findFirst();
        found.ifPresent(pending::remove);
        return found;
    }

    void open(OpenResponse response) {
        open.put(response.id(), response);
        openCount = open.size();
    }

    @Nullable
    OpenResponse find(String id) {
        return open.get(id);
    }

    @Nullable
    OpenResponse close(String id) {
        OpenResponse closed = open.remove(id);
        openCount = open.size();
        return closed;
    }

    /** The only open response, if there is exactly one. */
    @Nullable
    OpenResponse single() {
        return open.size() == 1 ? open.values().iterator().next() : null;
    }

    boolean standardOpen() {
        return open.values().stream().anyMatch(response -> response.terms().standard());
    }
}
