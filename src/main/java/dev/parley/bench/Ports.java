package dev.parley.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Ports of this machine. */
final class Ports {
    private static final Duration LISTENING_MAX = Duration.ofSeconds(60);
    private static final int TRY_EVERY_MILLIS = 50;

    private Ports() {}

    static int free() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** Waits until something listens; fails when the process ends before. */
    static void awaitListening(String what, Process process, int port) throws BenchException {
        long deadline = System.nanoTime() + LISTENING_MAX.toNanos();
        while (!isListening(port)) {
            try {
                if (process.waitFor(TRY_EVERY_MILLIS, TimeUnit.MILLISECONDS)) {
                    throw new BenchException(what + " ended at its start with " + process.exitValue());
                }
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
                throw new BenchException("interrupted");
            }
            if (System.nanoTime() > deadline) {
                throw new BenchException(what + " does not listen after " + LISTENING_MAX.toSeconds() + " s");
            }
        }
    }

    private static boolean isListening(int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1000);
            return true;
        } catch (IOException _) {
            return false;
        }
    }
}
