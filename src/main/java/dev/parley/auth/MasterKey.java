package dev.parley.auth;

import dev.parley.config.AuthConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file with the key that encrypts all secrets at rest: 32 random bytes as one line of base64. It is kept outside the
 * database, so that a dump of the database gives nothing away. Blocks.
 */
public final class MasterKey {
    private static final int KEY_BYTES = 32;
    private static final int FILE_BYTES_MAX = 256;
    private static final String FILE_NAME = "master.key";
    private static final Logger LOGGER = LoggerFactory.getLogger(MasterKey.class);

    private MasterKey() {}

    /**
     * Opens the configured key file, or {@value #FILE_NAME} under the data folder, which is made when it is missing. A file
     * that was configured must exist: a new key in its place could open nothing.
     */
    public static SecretBox open(AuthConfig config, Path dataDir) {
        try {
            Path file = config.keyFile();
            if (file == null) {
                file = dataDir.resolve(FILE_NAME);
                if (!Files.exists(file)) {
                    create(file);
                }
            } else if (!Files.exists(file)) {
                throw new IllegalStateException(
                        "the key file " + file + " does not exist; make one with: openssl rand -base64 32 > " + file);
            }
            return read(file);
        } catch (IOException e) {
            throw new UncheckedIOException("the master key cannot be read", e);
        }
    }

    private static SecretBox read(Path file) throws IOException {
        warnIfOthersCanRead(file);
        if (Files.size(file) > FILE_BYTES_MAX) {
            throw unusable(file);
        }
        byte[] text = Files.readAllBytes(file);
        byte[] key = new byte[0];
        try {
            key = Base64.getMimeDecoder().decode(text);
            if (key.length != KEY_BYTES) {
                throw unusable(file);
            }
            return new SecretBox(key);
        } finally {
            Arrays.fill(text, (byte) 0);
            Arrays.fill(key, (byte) 0);
        }
    }

    /** Whoever comes first of several processes makes it; a reader never sees half of it. */
    private static void create(Path file) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        Files.createDirectories(folder);
        Path draft = Files.createTempFile(
                folder,
                FILE_NAME,
                ".tmp",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        byte[] key = new byte[KEY_BYTES];
        new SecureRandom().nextBytes(key);
        byte[] text = Base64.getEncoder().encode(key);
        try {
            Files.write(draft, text);
            Files.createLink(file, draft);
            LOGGER.atInfo()
                    .addKeyValue("file", file)
                    .log("master key made; keep a copy, no secret can be read without it");
        } catch (FileAlreadyExistsException _) {
            LOGGER.atDebug().log("another process made the master key");
        } finally {
            Files.deleteIfExists(draft);
            Arrays.fill(key, (byte) 0);
            Arrays.fill(text, (byte) 0);
        }
    }

    private static void warnIfOthersCanRead(Path file) throws IOException {
        if (!Files.getFileStore(file).supportsFileAttributeView("posix")) {
            return;
        }
        Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
        if (permissions.contains(PosixFilePermission.OTHERS_READ)) {
            LOGGER.atWarn()
                    .addKeyValue("file", file)
                    .log("every user of this machine can read the master key: chmod 600");
        }
    }

    private static IllegalStateException unusable(Path file) {
        return new IllegalStateException("the key file " + file + " does not hold " + KEY_BYTES + " bytes in base64");
    }
}
