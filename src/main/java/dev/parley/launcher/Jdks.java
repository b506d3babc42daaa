package dev.parley.launcher;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The Javas of this machine, looked for where Maven's toolchains plugin looks: {@code JAVA…_HOME}, the folders of package
 * managers, and {@code ~/.m2/toolchains.xml}. A Java is known by its {@code release} file; none is started to ask.
 */
final class Jdks {
    private static final String[] SYSTEM_FOLDERS = {
        "/usr/lib/jvm",
        "/usr/lib64/jvm",
        "/usr/java",
        "/usr/jdk",
        "/usr/local/java",
        "/opt/java",
        "/opt/hostedtoolcache",
        "/Library/Java/JavaVirtualMachines"
    };
    private static final String[] HOME_FOLDERS = {
        ".sdkman/candidates/java",
        ".jdks",
        ".m2/jdks",
        ".gradle/jdks",
        ".jenv/versions",
        ".jbang/cache/jdks",
        ".asdf/installs/java",
        ".jabba/jdk",
        ".local/share/mise/installs/java",
        "Library/Java/JavaVirtualMachines"
    };
    private static final Pattern JDK_HOME = Pattern.compile("<jdkHome>\\s*([^<]+?)\\s*</jdkHome>");
    private static final Pattern FEATURE = Pattern.compile("\"?(\\d+)[^\\d].*|\"?(\\d+)\"?");

    private final Map<String, String> environment;
    private final Path userHome;
    private final List<Path> systemFolders;

    Jdks(Map<String, String> environment, Path userHome, List<Path> systemFolders) {
        this.environment = environment;
        this.userHome = userHome;
        this.systemFolders = systemFolders;
    }

    /** Those of this machine and this user. */
    static Jdks ofThisMachine() {
        List<Path> folders = new ArrayList<>();
        for (String folder : SYSTEM_FOLDERS) {
            folders.add(Path.of(folder));
        }
        return new Jdks(System.getenv(), Path.of(System.getProperty("user.home")), folders);
    }

    /** The {@code java} program of the lowest version that is at least {@code feature}. */
    Optional<Path> find(int feature) {
        Path best = null;
        int bestFeature = Integer.MAX_VALUE;
        for (Path home : homes()) {
            int found = featureOf(home);
            Path program = home.resolve("bin").resolve(File.separatorChar == '\\' ? "java.exe" : "java");
            if (found >= feature && found < bestFeature && Files.isExecutable(program)) {
                best = program;
                bestFeature = found;
            }
        }
        return Optional.ofNullable(best);
    }

    private List<Path> homes() {
        List<Path> homes = new ArrayList<>();
        environment.forEach((name, value) -> {
            if (name.startsWith("JAVA") && name.endsWith("_HOME")) {
                addHome(value, homes);
            }
        });
        for (String folder : HOME_FOLDERS) {
            addChildren(userHome.resolve(folder), homes);
        }
        for (Path folder : systemFolders) {
            addChildren(folder, homes);
        }
        addToolchains(userHome.resolve(".m2").resolve("toolchains.xml"), homes);
        return homes;
    }

    private static void addHome(String path, List<Path> homes) {
        try {
            homes.add(Path.of(path));
        } catch (InvalidPathException ignored) {
            // a variable that holds no path names no Java
        }
    }

    private static void addChildren(Path folder, List<Path> homes) {
        File[] children = folder.toFile().listFiles(File::isDirectory);
        if (children != null) {
            for (File child : children) {
                homes.add(child.toPath());
                homes.add(child.toPath().resolve("Contents").resolve("Home"));
            }
        }
    }

    private static void addToolchains(Path file, List<Path> homes) {
        try {
            Matcher home = JDK_HOME.matcher(Files.isRegularFile(file) ? Files.readString(file) : "");
            while (home.find()) {
                addHome(home.group(1), homes);
            }
        } catch (IOException ignored) {
            // what cannot be read names no Java
        }
    }

    /** 0 if there is no Java. */
    private static int featureOf(Path home) {
        Path release = home.resolve("release");
        if (!Files.isRegularFile(release)) {
            return 0;
        }
        try (InputStream in = Files.newInputStream(release)) {
            Properties properties = new Properties();
            properties.load(in);
            Matcher version = FEATURE.matcher(properties.getProperty("JAVA_VERSION", ""));
            return version.matches() ? Integer.parseInt(version.group(version.group(1) == null ? 2 : 1)) : 0;
        } catch (IOException | IllegalArgumentException e) {
            return 0;
        }
    }
}
