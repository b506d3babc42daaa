package dev.parley.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.auth.SecretBox.CannotOpenException;
import dev.parley.auth.SecretBox.Place;
import dev.parley.config.AuthConfig;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SecretBoxTest {
    private static final Place PLACE = new Place("token_issuer", "acme", "idp", 1);
    private static final byte[] SECRET = "canary-secret".getBytes(StandardCharsets.UTF_8);

    @TempDir
    Path folder;

    private final SecretBox box = new SecretBox(new byte[32]);

    @Test
    void givesTheSecretBackInItsPlace() {
        assertThat(box.open(PLACE, box.seal(PLACE, SECRET))).isEqualTo(SECRET);
    }

    @Test
    void twoBoxesOfOneSecretDiffer() {
        assertThat(box.seal(PLACE, SECRET)).isNotEqualTo(box.seal(PLACE, SECRET));
    }

    @ParameterizedTest
    @MethodSource
    void doesNotOpenElsewhere(Place elsewhere) {
        byte[] sealed = box.seal(PLACE, SECRET);
        assertThatThrownBy(() -> box.open(elsewhere, sealed)).isInstanceOf(CannotOpenException.class);
    }

    static Stream<Place> doesNotOpenElsewhere() {
        return Stream.of(
                new Place("broker_key", "acme", "idp", 1),
                new Place("token_issuer", "globex", "idp", 1),
                new Place("token_issuer", "acme", "idp2", 1),
                new Place("token_issuer", "acme", "idp", 2),
                new Place("token_issuer", "acm", "eidp", 1));
    }

    @Test
    void everyChangedBitIsNoticed() {
        byte[] sealed = box.seal(PLACE, SECRET);
        for (int bit = 0; bit < sealed.length * 8; bit++) {
            byte[] changed = sealed.clone();
            changed[bit / 8] ^= (byte) (1 << (bit % 8));
            assertThatThrownBy(() -> box.open(PLACE, changed)).as("bit " + bit).isInstanceOf(CannotOpenException.class);
        }
    }

    @Test
    void anotherMasterKeyDoesNotOpen() {
        byte[] other = new byte[32];
        other[0] = 1;
        byte[] sealed = box.seal(PLACE, SECRET);
        assertThatThrownBy(() -> new SecretBox(other).open(PLACE, sealed)).isInstanceOf(CannotOpenException.class);
    }

    @Test
    void secretsAreNotPrinted() {
        assertThat(box.toString()).isEqualTo("SecretBox[****]");
        assertThat(new KeySource.SharedSecret("canary-0123456789abcdef0123456789".getBytes(StandardCharsets.UTF_8)))
                .hasToString("SharedSecret[****]");
    }

    @Test
    void theKeyFileIsMadeOnceForItsOwnerOnly() throws Exception {
        byte[] sealed = MasterKey.open(config(null), folder).seal(PLACE, SECRET);

        assertThat(MasterKey.open(config(null), folder).open(PLACE, sealed)).isEqualTo(SECRET);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("master.key"))))
                .isEqualTo("rw-------");
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactly(folder.resolve("master.key"));
        }
    }

    @Test
    void processesThatStartTogetherAgreeOnTheKey() throws Exception {
        Set<String> opened = new HashSet<>();
        byte[] sealed;
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<SecretBox>> boxes = IntStream.range(0, 8)
                    .mapToObj(_ -> threads.submit(() -> MasterKey.open(config(null), folder)))
                    .toList();
            sealed = boxes.getFirst().get().seal(PLACE, SECRET);
            for (Future<SecretBox> other : boxes) {
                opened.add(new String(other.get().open(PLACE, sealed), StandardCharsets.UTF_8));
            }
        }
        assertThat(opened).containsExactly("canary-secret");
    }

    @Test
    void aConfiguredKeyFileMustBeThereAndWhole() throws Exception {
        Path file = folder.resolve("kek");
        assertThatThrownBy(() -> MasterKey.open(config(file), folder)).hasMessageContaining("does not exist");
        Files.writeString(file, "c2hvcnQ=\n");
        assertThatThrownBy(() -> MasterKey.open(config(file), folder)).hasMessageContaining("32 bytes");
        Files.writeString(file, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
        assertThat(MasterKey.open(config(file), folder).open(PLACE, box.seal(PLACE, SECRET)))
                .isEqualTo(SECRET);
    }

    private static AuthConfig config(@Nullable Path keyFile) {
        return new AuthConfig("parley", Duration.ofHours(1), Duration.ZERO, keyFile, false, Duration.ofSeconds(10));
    }
}
