package dev.parley.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Held while somebody decides about the server of a data folder: start, adopt, join, leave, stop. One holder on the
 * machine; the kernel frees it when its process dies. Owned by the thread that opened it.
 */
final class DataFolderLock implements AutoCloseable {
    private static final Duration DEADLINE = Duration.ofSeconds(90);
    private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    /** File locks belong to the whole process, so its threads need one of their own in front. */
    private static final ReentrantLock WITHIN_PROCESS = new ReentrantLock();

    private final FileChannel channel;

    private DataFolderLock(FileChannel channel) {
        this.channel = channel;
    }

    static DataFolderLock acquire(Path file) throws IOException {
        long end = System.nanoTime() + DEADLINE.toNanos();
        try {
            if (!WITHIN_PROCESS.tryLock(DEADLINE.toNanos(), TimeUnit.NANOSECONDS)) {
                throw tooLong(file);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for " + file, e);
        }
        FileChannel channel = null;
        try {
            channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock lock = channel.tryLock();
            while (lock == null) {
                if (System.nanoTime() - end > 0) {
                    throw tooLong(file);
                }
                LockSupport.parkNanos(POLL_NANOS);
                lock = channel.tryLock();
            }
            return new DataFolderLock(channel);
        } catch (IOException | RuntimeException e) {
            if (channel != null) {
                channel.close();
            }
            WITHIN_PROCESS.unlock();
            throw e;
        }
    }

    private static IOException tooLong(Path file) {
        return new IOException("another process has held " + file + " for " + DEADLINE.toSeconds() + " s");
    }

    /** Closing the channel frees the lock. */
    @Override
    public void close() throws IOException {
        try {
            channel.close();
        } finally {
            WITHIN_PROCESS.unlock();
        }
    }
}
