package dev.parley.bench;

import dev.parley.bench.LoadConnection.Destination;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * The clients of the benchmark: many connections, one thread that reads, and for the paced load one that sends on time. One
 * load at a time; called by one thread.
 */
final class LoadGenerator implements AutoCloseable {
    private static final int BUFFER_BYTES = 256 * 1024;
    private static final int SAMPLES_MAX = 4_000_000;

    private final Selector selector;
    private final Destination destination;
    private final int messageBytes;
    private final ByteBuffer append;
    private final List<LoadConnection> connections = new ArrayList<>();
    private final AtomicLong roundTrips = new AtomicLong();
    private final AtomicLong lost = new AtomicLong();
    private volatile boolean pingPong;
    private volatile long samplesFrom = Long.MAX_VALUE;
    private long[] samples = new long[0];
    private final AtomicInteger sampleCount = new AtomicInteger();

    LoadGenerator(Destination destination, int messageBytes) throws IOException {
        this.destination = destination;
        this.messageBytes = messageBytes;
        this.append = Wire.frame(Wire.TEXT, Messages.append(messageBytes), true);
        this.selector = Selector.open();
        Thread.ofPlatform().name("load-reader").daemon().start(this::read);
    }

    /** Opens connections one after the other; each has had its {@code session.created} then. */
    void open(int count) throws IOException {
        for (int i = 0; i < count; i++) {
            LoadConnection connection = LoadConnection.open(destination, this::onMessage);
            connections.add(connection);
            selector.wakeup();
            connection.register(selector);
        }
    }

    /** What a closed loop gave: each connection sends again as soon as it has its answer. */
    record Closed(long roundTrips, double seconds, double cpuSeconds, long lost) {}

    /** @param pid whose CPU is read at both ends of the window */
    Closed closedLoop(long pid, Duration warmUp, Duration window) throws IOException {
        pingPong = true;
        for (LoadConnection connection : connections) {
            connection.send(append);
        }
        pauseUntil(System.nanoTime() + warmUp.toNanos());
        long from = System.nanoTime();
        double cpuFrom = ProcessStat.cpuSeconds(pid);
        long tripsFrom = roundTrips.get();
        pauseUntil(from + window.toNanos());
        double cpu = ProcessStat.cpuSeconds(pid) - cpuFrom;
        long trips = roundTrips.get() - tripsFrom;
        double seconds = (System.nanoTime() - from) / 1e9;
        pingPong = false;
        return new Closed(trips, seconds, cpu, lost.get());
    }

    /** What a paced load gave; round trips in microseconds from when a message was due. */
    record Paced(long count, double p50Micros, double p99Micros, double maxMicros, long lost) {}

    /** Each connection sends so many messages a second, evenly spread, whether answers come or not. */
    Paced paced(int perSecond, Duration warmUp, Duration window) throws IOException {
        samples = new long[SAMPLES_MAX];
        sharpenTimers();
        long interval = 1_000_000_000L / perSecond / connections.size();
        long start = System.nanoTime() + 10_000_000;
        samplesFrom = start + warmUp.toNanos();
        long end = samplesFrom + window.toNanos();
        long due = start;
        for (long i = 0; due < end; i++) {
            pauseUntil(due);
            LoadConnection connection = connections.get((int) (i % connections.size()));
            if (connection.dueTimes().add(due)) {
                connection.send(append);
            } else {
                lost.incrementAndGet();
            }
            due += interval;
        }
        pauseUntil(end + 200_000_000);
        samplesFrom = Long.MAX_VALUE;
        return summary();
    }

    /** Connections that were closed by the other side, and messages that could not be sent. */
    long lost() {
        return lost.get();
    }

    private Paced summary() {
        int count = Math.min(sampleCount.get(), samples.length);
        if (count == 0) {
            return new Paced(0, Double.NaN, Double.NaN, Double.NaN, lost.get());
        }
        long[] sorted = Arrays.copyOf(samples, count);
        Arrays.sort(sorted);
        return new Paced(
                count,
                sorted[count / 2] / 1e3,
                sorted[(int) Math.min(count - 1, count * 99L / 100)] / 1e3,
                sorted[count - 1] / 1e3,
                lost.get());
    }

    private void onMessage(LoadConnection connection, long bytes) {
        if (bytes != messageBytes) {
            return;
        }
        roundTrips.lazySet(roundTrips.get() + 1);
        if (pingPong) {
            try {
                connection.send(append);
            } catch (IOException _) {
                lost.incrementAndGet();
            }
            return;
        }
        long due = connection.dueTimes().take();
        int index = sampleCount.get();
        if (due >= samplesFrom && index < samples.length) {
            samples[index] = System.nanoTime() - due;
            sampleCount.set(index + 1);
        }
    }

    private void read() {
        ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
        try {
            while (selector.isOpen()) {
                selector.select(key -> ready(key, buffer));
            }
        } catch (IOException | java.nio.channels.ClosedSelectorException _) {
            lost.addAndGet(selector.isOpen() ? connections.size() : 0);
        }
    }

    private void ready(SelectionKey key, ByteBuffer buffer) {
        try {
            if (key.attachment() instanceof LoadConnection connection) {
                connection.ready(buffer);
            }
        } catch (IOException | java.nio.channels.CancelledKeyException _) {
            lost.incrementAndGet();
            key.cancel();
        }
    }

    /** The kernel otherwise adds 50 µs to each pause, to save wake-ups. */
    private static void sharpenTimers() throws IOException {
        Path thread = Files.readSymbolicLink(Path.of("/proc/thread-self")).getFileName();
        Path slack = Path.of("/proc").resolve(thread).resolve("timerslack_ns");
        if (Files.isWritable(slack)) {
            Files.writeString(slack, "1");
        }
    }

    private static void pauseUntil(long nanos) {
        for (long left = nanos - System.nanoTime(); left > 0; left = nanos - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    @Override
    public void close() throws IOException {
        selector.close();
        for (LoadConnection connection : connections) {
            connection.close();
        }
    }
}
