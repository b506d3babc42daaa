package dev.parley.pool;

import dev.parley.domain.TenantId;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * What waits, in one FIFO for each tenant, served by deficit round robin: in every round each tenant may take {@code quantum}
 * of cost, and what it could not use because its next entry is dearer counts in its next round. So a tenant with many
 * entries delays others by one entry each, not by all of them. Used on one event loop.
 */
public final class FairQueue<T> {
    private final int quantum;
    private final Map<TenantId, Lane<T>> lanes = new HashMap<>();
    /** The lanes with entries; the first has its turn. */
    private final Deque<Lane<T>> ring = new ArrayDeque<>();

    private int size;

    /** @param quantum the cost that a tenant may take in one round */
    public FairQueue(int quantum) {
        this.quantum = quantum;
    }

    /** Adds an entry behind those of its tenant. */
    public void add(TenantId tenant, T entry, int cost) {
        Lane<T> lane = lanes.computeIfAbsent(tenant, Lane::new);
        if (lane.entries.isEmpty()) {
            ring.addLast(lane);
        }
        lane.entries.addLast(new Entry<>(entry, cost));
        size++;
    }

    /**
     * Takes the entry whose turn it is; null if there is none.
     *
     * @param may asked right before a tenant's entry is taken; if it says no, the tenant loses its turn
     */
    public @Nullable T poll(Predicate<TenantId> may) {
        int passedOver = 0;
        while (passedOver < ring.size()) {
            Lane<T> lane = ring.getFirst();
            lane.begin(quantum);
            if (lane.entries.getFirst().cost() > lane.deficit) {
                passedOver = 0;
                endTurn(lane);
            } else if (may.test(lane.tenant)) {
                return take(lane);
            } else {
                passedOver++;
                lane.deficit = 0;
                endTurn(lane);
            }
        }
        return null;
    }

    /** Removes entries from the front of each tenant's line while {@code from} holds for them. */
    public void drop(Predicate<T> from, Consumer<T> dropped) {
        Iterator<Lane<T>> all = ring.iterator();
        while (all.hasNext()) {
            Lane<T> lane = all.next();
            while (!lane.entries.isEmpty() && from.test(lane.entries.getFirst().value())) {
                dropped.accept(lane.entries.removeFirst().value());
                size--;
            }
            if (lane.entries.isEmpty()) {
                lanes.remove(lane.tenant);
                all.remove();
            }
        }
    }

    public int size() {
        return size;
    }

    public int size(TenantId tenant) {
        Lane<T> lane = lanes.get(tenant);
        return lane == null ? 0 : lane.entries.size();
    }

    /** How many could be taken if each tenant may take no more than {@code room} says. */
    public int sizeWithin(ToIntFunction<TenantId> room) {
        int takeable = 0;
        for (Lane<T> lane : ring) {
            takeable += Math.min(lane.entries.size(), Math.max(0, room.applyAsInt(lane.tenant)));
        }
        return takeable;
    }

    /** The first of each tenant's line. */
    public Iterable<T> heads() {
        return () -> ring.stream().map(lane -> lane.entries.getFirst().value()).iterator();
    }

    private T take(Lane<T> lane) {
        Entry<T> entry = lane.entries.removeFirst();
        lane.deficit -= entry.cost();
        size--;
        if (lane.entries.isEmpty()) {
            ring.removeFirst();
            lanes.remove(lane.tenant);
        } else if (lane.entries.getFirst().cost() > lane.deficit) {
            endTurn(lane);
        }
        return entry.value();
    }

    private void endTurn(Lane<T> lane) {
        ring.removeFirst();
        ring.addLast(lane);
        lane.hasTurn = false;
    }

    private record Entry<T>(T value, int cost) {}

    private static final class Lane<T> {
        private final TenantId tenant;
        private final Deque<Entry<T>> entries = new ArrayDeque<>(2);
        private int deficit;
        private boolean hasTurn;

        Lane(TenantId tenant) {
            this.tenant = tenant;
        }

        void begin(int quantum) {
            if (!hasTurn) {
                hasTurn = true;
                deficit += quantum;
            }
        }
    }
}
