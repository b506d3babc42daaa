package dev.parley.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * Who uses the server of a data folder now: one file a user, named by role, process id and the process's start time, so
 * that the file of a killed process is known as such. Called only under {@link DataFolderLock}. Processes in another
 * process namespace look dead from here; {@code broker.lock} keeps two brokers apart all the same.
 */
final class DataFolderMembers {
    private static final AtomicInteger SEQUENCE = new AtomicInteger();

    private final Path folder;

    DataFolderMembers(Path folder) throws IOException {
        this.folder = Files.createDirectories(folder);
    }

    Path join(boolean broker) throws IOException {
        ProcessHandle self = ProcessHandle.current();
        String name =
                (broker ? "broker-" : "command-") + self.pid() + "-" + startOf(self) + "-" + SEQUENCE.incrementAndGet();
        return Files.createFile(folder.resolve(name));
    }

    void leave(Path member) throws IOException {
        Files.deleteIfExists(member);
    }

    /** The process ids of the living members, brokers only or all; the files of dead ones are removed. */
    List<Long> living(boolean brokersOnly) throws IOException {
        List<Long> pids = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                String[] parts = file.getFileName().toString().split("-", -1);
                if (parts.length != 4 || !alive(parts)) {
                    Files.deleteIfExists(file);
                } else if (!brokersOnly || parts[0].equals("broker")) {
                    pids.add(Long.valueOf(parts[1]));
                }
            }
        }
        return pids;
    }

    private static boolean alive(String[] parts) {
        return ProcessHandle.of(Long.parseLong(parts[1]))
                .filter(ProcessHandle::isAlive)
                .filter(process -> startOf(process) == Long.parseLong(parts[2]))
                .isPresent();
    }

    private static long startOf(ProcessHandle process) {
        return process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
    }
}
