package dev.parley.store;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Runs the Postgres programs, never as root, which Postgres refuses. Under root: a cluster that an ordinary user made
 * runs as that user ({@code setpriv}); any other in a user namespace of its own ({@code unshare}: files stay root's,
 * nothing opens to other users), or as {@code nobody} where namespaces are not allowed ({@code setpriv}: the files of the
 * cluster are handed to that user).
 */
final class PostgresCommands {
    private static final Duration DEADLINE = Duration.ofSeconds(90);
    private static final String UNPRIVILEGED = "nobody";

    private final List<String> prefix;
    private final int otherUser;

    /** @param otherUser the user that the programs run as; 0 if it is the one of this process */
    private PostgresCommands(List<String> prefix, int otherUser) {
        this.prefix = List.copyOf(prefix);
        this.otherUser = otherUser;
    }

    /** @param cluster the cluster's folder, which exists */
    static PostgresCommands forFolder(Path home, Path cluster) throws IOException {
        if (!runsAsRoot(cluster)) {
            return new PostgresCommands(List.of(), 0);
        }
        String postgres = home.resolve("bin/postgres").toString();
        int owner = ownerOf(cluster);
        if (owner != 0) {
            return new PostgresCommands(setpriv(owner, (Integer) Files.getAttribute(cluster, "unix:gid")), owner);
        }
        List<String> namespace = List.of("unshare", "--user");
        if (works(namespace, postgres)) {
            return new PostgresCommands(namespace, 0);
        }
        int nobody = idOf("-u");
        List<String> other = setpriv(nobody, idOf("-g"));
        if (!works(other, postgres)) {
            throw new StoreException(
                    StoreException.Kind.SETUP,
                    "Postgres does not run as root, and neither 'unshare --user' nor 'setpriv' works here with " + home
                            + ": start Parley as an ordinary user, or set PARLEY_DATABASE_URL",
                    null);
        }
        PostgresCommands commands = new PostgresCommands(other, nobody);
        commands.handOver(cluster);
        return commands;
    }

    /**
     * Runs a program to its end.
     *
     * @return its output
     * @throws IOException with the last lines of its output when it fails or takes too long
     */
    String run(List<String> command) throws IOException {
        List<String> whole = new ArrayList<>(prefix);
        whole.addAll(command);
        return execute(whole);
    }

    private static List<String> setpriv(int user, int group) {
        return List.of(
                "setpriv",
                "--reuid=" + user,
                "--regid=" + group,
                "--clear-groups",
                "--inh-caps=-all",
                "--no-new-privs");
    }

    private static boolean works(List<String> prefix, String postgres) {
        List<String> command = new ArrayList<>(prefix);
        command.add(postgres);
        command.add("--version");
        try {
            execute(command);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static int idOf(String flag) throws IOException {
        return Integer.parseInt(execute(List.of("id", flag, UNPRIVILEGED)).strip());
    }

    private static String execute(List<String> command) throws IOException {
        Path output = Files.createTempFile("parley-postgres", ".out");
        try {
            ProcessBuilder builder = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectInput(
                            ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                    .redirectOutput(output.toFile());
            // The user's own PGPORT, PGDATA and locale are for other servers.
            builder.environment().keySet().removeIf(name -> name.startsWith("PG") || name.startsWith("LC_"));
            builder.environment().put("LC_ALL", "C");
            Process process = builder.start();
            if (!process.waitFor(DEADLINE.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
                throw new IOException("it did not end within " + DEADLINE.toSeconds() + " s: " + lastLines(output));
            }
            if (process.exitValue() != 0) {
                throw new IOException(lastLines(output));
            }
            return Files.readString(output, StandardCharsets.UTF_8);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } finally {
            Files.deleteIfExists(output);
        }
    }

    /** The end of a program's output or of a log: that is where the reason stands. */
    static String lastLines(Path file) {
        try {
            List<String> lines = new String(Files.readAllBytes(file), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.isBlank())
                    .toList();
            return String.join(" | ", lines.subList(Math.max(0, lines.size() - 4), lines.size()));
        } catch (IOException e) {
            return "no output";
        }
    }

    private static boolean runsAsRoot(Path folder) throws IOException {
        Path probe = Files.createTempFile(folder.toAbsolutePath().getParent(), "owner", null);
        try {
            return ownerOf(probe) == 0;
        } finally {
            Files.delete(probe);
        }
    }

    private static int ownerOf(Path path) throws IOException {
        return (Integer) Files.getAttribute(path, "unix:uid");
    }

    /** Makes the programs the owner of a file or folder, if they run as another user. */
    void handOver(Path path) throws IOException {
        if (otherUser == 0 || ownerOf(path) == otherUser) {
            return;
        }
        try (Stream<Path> files = Files.walk(path)) {
            for (Path file : files.toList()) {
                Files.setAttribute(file, "unix:uid", otherUser);
            }
        }
    }
}
