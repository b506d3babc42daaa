package dev.parley.bench;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The one core on which the load, the upstream and what is measured run together. */
record Core(int number, Optional<Path> taskset) {
    static Core choose() {
        return new Core(0, find("taskset"));
    }

    /** The command, pinned if this machine has taskset. */
    List<String> pinned(List<String> command) {
        List<String> pinned = new ArrayList<>();
        taskset.ifPresent(path -> pinned.addAll(List.of(path.toString(), "-c", Integer.toString(number))));
        pinned.addAll(command);
        return pinned;
    }

    /** A program on the PATH, or in the folders that are missing from an ordinary user's. */
    static Optional<Path> find(String program) {
        String path = System.getenv().getOrDefault("PATH", "") + File.pathSeparator + "/usr/sbin" + File.pathSeparator
                + "/usr/local/sbin";
        return Stream.of(path.split(File.pathSeparator))
                .filter(folder -> !folder.isEmpty())
                .map(folder -> Path.of(folder, program))
                .filter(Files::isExecutable)
                .findFirst();
    }
}
