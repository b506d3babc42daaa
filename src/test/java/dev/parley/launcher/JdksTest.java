package dev.parley.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JdksTest {
    @TempDir
    Path folder;

    @Test
    void findsNothingWhereThereIsNothing() {
        assertThat(jdks(Map.of()).find(25)).isEmpty();
    }

    @Test
    void ignoresOlderJavas() throws Exception {
        jdk("system/java-17", "17.0.15");
        jdk("system/java-24", "24");

        assertThat(jdks(Map.of()).find(25)).isEmpty();
    }

    @Test
    void takesTheLowestVersionThatIsNewEnough() throws Exception {
        jdk("system/java-27", "27");
        Path wanted = jdk("home/.sdkman/candidates/java/25.0.3-tem", "25.0.3");
        jdk("system/java-26", "26.0.1");

        assertThat(jdks(Map.of()).find(25)).contains(wanted);
    }

    @Test
    void looksAtTheEnvironment() throws Exception {
        Path wanted = jdk("elsewhere/25", "25.0.3");

        assertThat(jdks(Map.of("JAVA25_HOME", folder.resolve("elsewhere/25").toString()))
                        .find(25))
                .contains(wanted);
        assertThat(jdks(Map.of("OTHER_HOME", folder.resolve("elsewhere/25").toString()))
                        .find(25))
                .isEmpty();
    }

    @Test
    void looksIntoTheFoldersOfAMac() throws Exception {
        Path wanted = jdk("system/temurin-25.jdk/Contents/Home", "25.0.3");

        assertThat(jdks(Map.of()).find(25)).contains(wanted);
    }

    @Test
    void looksAtToolchains() throws Exception {
        Path wanted = jdk("elsewhere/25", "25.0.3");
        Path file = folder.resolve("home/.m2/toolchains.xml");
        Files.createDirectories(folder.resolve("home/.m2"));
        Files.writeString(file, """
                <toolchains><toolchain><type>jdk</type><configuration>
                  <jdkHome> %s </jdkHome>
                </configuration></toolchain></toolchains>
                """.formatted(folder.resolve("elsewhere/25")));

        assertThat(jdks(Map.of()).find(25)).contains(wanted);
    }

    @Test
    void passesOverBrokenInstallations() throws Exception {
        jdk("system/broken", "25.0.3");
        Files.writeString(folder.resolve("system/broken/release"), "JAVA_VERSION=\"\\u12\"\n");
        Path withoutJava = jdk("system/without-java", "25.0.3");
        Files.delete(withoutJava);
        jdk("system/odd", "twenty-five");

        assertThat(jdks(Map.of("JAVA_HOME", "\0")).find(25)).isEmpty();
    }

    private Jdks jdks(Map<String, String> environment) {
        return new Jdks(environment, folder.resolve("home"), List.of(folder.resolve("system")));
    }

    /** The {@code java} program of a made-up JDK. */
    private Path jdk(String path, String version) throws Exception {
        Path home = folder.resolve(path);
        Path program = home.resolve("bin").resolve("java");
        Files.createDirectories(home.resolve("bin"));
        Files.createFile(program, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
        Files.writeString(home.resolve("release"), "IMPLEMENTOR=\"Somebody\"\nJAVA_VERSION=\"" + version + "\"\n");
        return program;
    }
}
