package dev.parley.session;

import dev.parley.protocol.ClientEvents;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The session updates that are under way, in the order in which they were sent. The provider answers each with one
 * {@code session.updated}, in order and without its id, or with an {@code error} that has the id.
 */
final class UpdateQueue {
    private final UpstreamLife life;
    private final OwnEvents ids;
    private final Deque<Update> underWay = new ArrayDeque<>();

    UpdateQueue(UpstreamLife life, OwnEvents ids) {
        this.life = life;
        this.ids = ids;
    }

    /**
     * One session update.
     *
     * @param own whether the broker made it: its answer is not the client's business
     * @param outcome told whether the provider took it
     */
    record Update(String sentEventId, boolean own, Consumer<Boolean> outcome) {}

    /** Sends an update of the broker's own; {@code session} is raw JSON. */
    void inject(String session, Consumer<Boolean> outcome) {
        String id = ids.next();
        underWay.add(new Update(id, true, outcome));
        life.sendUpstream(ClientEvents.sessionUpdate(id, session));
    }

    boolean isEmpty() {
        return underWay.isEmpty();
    }

    /** A client's update is being sent. */
    void sent(String sentEventId, Consumer<Boolean> outcome) {
        underWay.add(new Update(sentEventId, false, outcome));
    }

    /** A {@code session.updated} came: the update it answers, or null if it answers none. */
    @Nullable
    Update taken() {
        Update update = underWay.poll();
        if (update != null) {
            update.outcome().accept(true);
        }
        return update;
    }

    /** An {@code error} came for this event: the update, or null if it was not an update. */
    @Nullable
    Update refused(String eventId) {
        for (Iterator<Update> all = underWay.iterator(); all.hasNext(); ) {
            Update update = all.next();
            if (update.sentEventId().equals(eventId)) {
                all.remove();
                update.outcome().accept(false);
                return update;
            }
        }
        return null;
    }
}
