package dev.parley.cli;

import dev.parley.store.JdbcBilling;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A seal as it stood when it was last verified, kept outside of the database: one line with its number and its chain.
 *
 * @param chain in hex
 */
record SealCheckpoint(long seal, String chain) {
    private static final Pattern LINE = Pattern.compile("([1-9][0-9]{0,17}) ([0-9a-f]{64})\\s*");

    /** Empty if there is no such file. */
    static Optional<SealCheckpoint> read(Path file) throws IOException, CommandFailure {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        Matcher line = LINE.matcher(Files.readString(file));
        if (!line.matches()) {
            throw new CommandFailure(file + " is not a checkpoint: it should hold a seal's number and its chain");
        }
        return Optional.of(new SealCheckpoint(Long.parseLong(line.group(1)), line.group(2)));
    }

    /** Whole or not at all. */
    void write(Path file) throws IOException {
        Path target = file.toAbsolutePath();
        Path draft = target.resolveSibling(target.getFileName() + ".new");
        Files.writeString(draft, seal + " " + chain + "\n");
        Files.move(draft, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    Optional<String> problem(JdbcBilling billing) {
        Optional<String> now = billing.chain(seal);
        if (now.isEmpty()) {
            return Optional.of("seal " + seal + " of the checkpoint is not there: seals were cut off at the end");
        }
        return now.get().equals(chain)
                ? Optional.empty()
                : Optional.of(
                        "the chain of seal " + seal + " is not the one of the checkpoint: the ledger was changed");
    }
}
