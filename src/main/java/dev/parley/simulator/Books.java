package dev.parley.simulator;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.parley.conversation.Trees;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * What the simulator billed, and what passed over its sockets, for as long as its process lives. Holds the last
 * {@link #BOOKINGS_MAX} bookings; older ones are dropped and counted. Safe on any thread.
 */
public final class Books {
    /** How many bookings are kept. */
    public static final int BOOKINGS_MAX = 200_000;

    private final ConcurrentSkipListMap<Long, Booking> bookings = new ConcurrentSkipListMap<>();
    private final AtomicInteger kept = new AtomicInteger();
    private final AtomicLong sequence = new AtomicLong();
    private final LongAdder dropped = new LongAdder();
    private final AtomicInteger sessionsOpen = new AtomicInteger();
    private final LongAdder sessionsOpened = new LongAdder();
    private final LongAdder handshakesRefused = new LongAdder();
    private final LongAdder messagesReceived = new LongAdder();
    private final LongAdder messagesSent = new LongAdder();
    private final LongAdder bytesReceived = new LongAdder();
    private final LongAdder bytesSent = new LongAdder();

    Books() {}

    /**
     * Counts since the start.
     *
     * @param sessionsOpen now
     * @param handshakesRefused by HTTP, or by error and close
     * @param bytesReceived payload of text messages, in bytes
     */
    public record Counters(
            int sessionsOpen,
            long sessionsOpened,
            long handshakesRefused,
            long messagesReceived,
            long messagesSent,
            long bytesReceived,
            long bytesSent,
            long bookingsDropped) {}

    /** Everything that is kept, in order. */
    public List<Booking> all() {
        return List.copyOf(bookings.values());
    }

    /** The responses that are kept, in order. */
    public List<Booking> responses() {
        return of(Booking.Kind.RESPONSE);
    }

    /** The transcriptions that are kept, in order. */
    public List<Booking> transcriptions() {
        return of(Booking.Kind.TRANSCRIPTION);
    }

    /** The translations that are kept, in order. */
    public List<Booking> translations() {
        return of(Booking.Kind.TRANSLATION);
    }

    /** The newest booking with this response id or item id. */
    public Optional<Booking> find(String id) {
        return bookings.descendingMap().values().stream()
                .filter(booking -> booking.id().equals(id))
                .findFirst();
    }

    public Counters counters() {
        return new Counters(
                sessionsOpen.get(),
                sessionsOpened.sum(),
                handshakesRefused.sum(),
                messagesReceived.sum(),
                messagesSent.sum(),
                bytesReceived.sum(),
                bytesSent.sum(),
                dropped.sum());
    }

    Booking begin(Booking.Kind kind, String id, String sessionId, String model) {
        Booking booking = new Booking(
                sequence.incrementAndGet(),
                kind,
                id,
                sessionId,
                model,
                Booking.IN_PROGRESS,
                Usage.ZERO,
                0,
                null,
                false);
        bookings.put(booking.sequence(), booking);
        if (kept.incrementAndGet() > BOOKINGS_MAX && bookings.pollFirstEntry() != null) {
            kept.decrementAndGet();
            dropped.increment();
        }
        return booking;
    }

    /** Writes a newer state of a booking that {@link #begin} made. */
    void write(Booking booking) {
        bookings.computeIfPresent(booking.sequence(), (key, older) -> booking);
    }

    void sessionOpened() {
        sessionsOpened.increment();
        sessionsOpen.incrementAndGet();
    }

    void sessionClosed() {
        sessionsOpen.decrementAndGet();
    }

    void handshakeRefused() {
        handshakesRefused.increment();
    }

    void received(long bytes) {
        messagesReceived.increment();
        bytesReceived.add(bytes);
    }

    void sent(long bytes) {
        messagesSent.increment();
        bytesSent.add(bytes);
    }

    /** A page of the books: the bookings after {@code after}, at most {@code limit}, with the counters. */
    ObjectNode toJson(long after, int limit) {
        Counters now = counters();
        ObjectNode json = Trees.object();
        json.putObject("counters")
                .put("sessions_open", now.sessionsOpen)
                .put("sessions_opened", now.sessionsOpened)
                .put("handshakes_refused", now.handshakesRefused)
                .put("messages_received", now.messagesReceived)
                .put("messages_sent", now.messagesSent)
                .put("bytes_received", now.bytesReceived)
                .put("bytes_sent", now.bytesSent)
                .put("bookings_dropped", now.bookingsDropped);
        List<Booking> page =
                bookings.tailMap(after, false).values().stream().limit(limit).toList();
        var list = json.putArray("bookings");
        page.forEach(booking -> list.add(booking.toJson()));
        if (page.size() == limit) {
            json.put("next", page.getLast().sequence());
        } else {
            json.putNull("next");
        }
        return json;
    }

    private List<Booking> of(Booking.Kind kind) {
        return bookings.values().stream()
                .filter(booking -> booking.kind() == kind)
                .toList();
    }
}
