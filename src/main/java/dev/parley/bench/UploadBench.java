package dev.parley.bench;

import dev.parley.simulator.Simulator;
import dev.parley.simulator.SimulatorOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;

/**
 * Files of 25 MB that are transcribed all at once: by how much the broker's memory grows, against what it passes on. Blocks.
 *
 * <p>What the kernel calls resident is looked at every 20 ms, so a peak between two looks is missed.
 */
public final class UploadBench {
    private static final String PATH = "/v1/audio/transcriptions";
    private static final String BOUNDARY = "parley-bench";
    private static final int FILE_BYTES = 25_000_000;
    private static final int PIECE_BYTES = 64 << 10;
    private static final int WARM_UP = 4;
    private static final int BYTES_PER_SECOND = 48_000;
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long MINUTES_MAX = 5;
    private static final double MEGA = 1e6;

    private final HttpClient client;
    private final BrokerProcess broker;
    private long most;

    private UploadBench(HttpClient client, BrokerProcess broker) {
        this.client = client;
        this.broker = broker;
    }

    /**
     * Runs it and prints the figures.
     *
     * @param uploads at once
     */
    public static void run(int uploads, PrintStream out) throws BenchException {
        Vertx vertx = Vertx.vertx();
        try {
            Simulator simulator =
                    Simulator.start(vertx, SimulatorOptions.DEFAULT).await(MINUTES_MAX, TimeUnit.MINUTES);
            Path folder = BenchFolder.make();
            try (BrokerProcess broker =
                    BrokerProcess.start(Core.choose(), folder, simulator.port(), PATH, List.of("-Xmx512m"), Map.of())) {
                HttpClient client =
                        vertx.createHttpClient(new HttpClientOptions(), new PoolOptions().setHttp1MaxSize(uploads));
                new UploadBench(client, broker).measure(uploads, out);
            } finally {
                BenchFolder.delete(folder);
            }
        } catch (IOException | TimeoutException e) {
            throw new BenchException("a process could not be started or looked at: " + e.getMessage());
        } finally {
            vertx.close();
        }
    }

    private void measure(int uploads, PrintStream out) throws IOException, BenchException {
        all(WARM_UP);
        broker.collectGarbage();
        long before = ProcessStat.residentBytes(broker.pid());
        most = before;
        long answered = all(uploads);
        double passed = (double) uploads * FILE_BYTES;
        out.printf("%d files of %.0f MB at once: %d answered%n", uploads, FILE_BYTES / MEGA, answered);
        out.printf(
                "broker's memory: %.0f MB before, %.0f MB at most; %.3f of the %.0f MB that it passed on%n",
                before / MEGA, most / MEGA, (most - before) / passed, passed / MEGA);
    }

    /** How many of them were answered with a transcript. */
    private long all(int uploads) throws IOException, BenchException {
        List<Future<Integer>> statuses = new ArrayList<>();
        for (int i = 0; i < uploads; i++) {
            statuses.add(upload());
        }
        Future<?> end = Future.join(statuses);
        long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(MINUTES_MAX);
        while (!end.isComplete()) {
            if (System.nanoTime() > deadline) {
                throw new BenchException("the files are not transcribed within " + MINUTES_MAX + " minutes");
            }
            most = Math.max(most, ProcessStat.residentBytes(broker.pid()));
            LockSupport.parkNanos(LOOK_NANOS);
        }
        return statuses.stream()
                .filter(status -> status.succeeded() && status.result() == 200)
                .count();
    }

    private Future<Integer> upload() {
        LoadConnection.Destination to = broker.destination();
        Buffer head =
                part("model", "").appendString("whisper-1\r\n").appendBuffer(part("file", "; filename=\"f.wav\""));
        Buffer tail = Buffer.buffer("\r\n--" + BOUNDARY + "--\r\n");
        Buffer wav = Buffer.buffer(header());
        RequestOptions request = new RequestOptions()
                .setMethod(HttpMethod.POST)
                .setHost("127.0.0.1")
                .setPort(to.port())
                .setURI(PATH)
                .putHeader("Authorization", "Bearer " + to.token())
                .putHeader("Content-Type", "multipart/form-data; boundary=" + BOUNDARY)
                .putHeader("Content-Length", Long.toString(head.length() + (long) FILE_BYTES + tail.length()));
        return client.request(request).compose(sending -> {
            sending.write(head.appendBuffer(wav));
            feed(sending, FILE_BYTES - wav.length(), tail);
            return sending.response().compose(answer -> answer.body().map(_ -> answer.statusCode()));
        });
    }

    /** As fast as the connection takes it. */
    private static void feed(HttpClientRequest to, int left, Buffer tail) {
        int rest = left;
        while (rest > 0 && !to.writeQueueFull()) {
            int bytes = Math.min(rest, PIECE_BYTES);
            to.write(Buffer.buffer(new byte[bytes]));
            rest -= bytes;
        }
        if (rest == 0) {
            to.end(tail);
        } else {
            int remaining = rest;
            to.drainHandler(_ -> feed(to, remaining, tail));
        }
    }

    private static Buffer part(String name, String more) {
        return Buffer.buffer(
                "--" + BOUNDARY + "\r\nContent-Disposition: form-data; name=\"" + name + '"' + more + "\r\n\r\n");
    }

    /** Of 16-bit mono at 24 kHz. */
    private static byte[] header() {
        ByteBuffer header = ByteBuffer.allocate(44).order(ByteOrder.LITTLE_ENDIAN);
        header.put(ascii("RIFF")).putInt(FILE_BYTES - 8).put(ascii("WAVEfmt ")).putInt(16);
        header.putShort((short) 1)
                .putShort((short) 1)
                .putInt(BYTES_PER_SECOND / 2)
                .putInt(BYTES_PER_SECOND);
        header.putShort((short) 2).putShort((short) 16).put(ascii("data")).putInt(FILE_BYTES - 44);
        return header.array();
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
