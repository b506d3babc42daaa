package dev.parley.house;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The order of the packages: a package names only what its row lists, so there can be no cycle. */
class ArchitectureTest {
    private static final String ROOT = "dev.parley";
    private static final String EVERYTHING = "*";

    /** package -> what it may import. A row lists only rows above it; the order is checked too. */
    private static final List<Map.Entry<String, Set<String>>> LAW = List.of(
            Map.entry("launcher", Set.of()),
            Map.entry("domain", Set.of()),
            Map.entry("concurrent", Set.of()),
            Map.entry("outbound", Set.of()),
            Map.entry("config", Set.of("domain")),
            Map.entry("telemetry", Set.of("domain")),
            Map.entry("protocol", Set.of("domain")),
            Map.entry("dialect", Set.of("protocol")),
            Map.entry("conversation", Set.of()),
            Map.entry("content", Set.of("domain", "protocol")),
            Map.entry("relay", Set.of("domain", "concurrent", "telemetry", "protocol")),
            Map.entry("tenancy", Set.of("domain", "concurrent")),
            Map.entry("auth", Set.of("domain", "concurrent", "outbound", "config", "telemetry", "tenancy")),
            Map.entry("quota", Set.of("domain", "concurrent", "config", "telemetry", "tenancy")),
            Map.entry("cluster", Set.of("domain", "concurrent", "config", "telemetry", "tenancy", "quota")),
            Map.entry("ledger", Set.of("domain", "concurrent", "config", "telemetry")),
            Map.entry("webhook", Set.of("domain", "concurrent", "outbound")),
            Map.entry("call", Set.of("domain", "concurrent", "tenancy", "auth", "webhook")),
            Map.entry("administration", Set.of("domain", "concurrent", "config", "tenancy")),
            Map.entry(
                    "store",
                    Set.of(
                            "administration",
                            "domain",
                            "concurrent",
                            "config",
                            "telemetry",
                            "tenancy",
                            "auth",
                            "quota",
                            "cluster",
                            "ledger",
                            "webhook",
                            "call")),
            Map.entry("upstream", Set.of("domain", "concurrent", "config", "telemetry", "protocol", "relay")),
            Map.entry("pool", Set.of("domain", "concurrent", "config", "telemetry", "protocol", "relay", "upstream")),
            Map.entry(
                    "session",
                    Set.of(
                            "domain",
                            "concurrent",
                            "config",
                            "telemetry",
                            "protocol",
                            "dialect",
                            "relay",
                            "tenancy",
                            "auth",
                            "quota",
                            "ledger",
                            "upstream",
                            "content")),
            Map.entry(
                    "turn",
                    Set.of(
                            "domain",
                            "concurrent",
                            "config",
                            "telemetry",
                            "protocol",
                            "conversation",
                            "relay",
                            "tenancy",
                            "auth",
                            "quota",
                            "ledger",
                            "upstream",
                            "content",
                            "session")),
            Map.entry(
                    "sideband",
                    Set.of(
                            "domain",
                            "concurrent",
                            "config",
                            "telemetry",
                            "protocol",
                            "dialect",
                            "tenancy",
                            "auth",
                            "quota",
                            "ledger",
                            "webhook",
                            "call",
                            "relay",
                            "upstream",
                            "session")),
            Map.entry(
                    "rest",
                    Set.of(
                            "call",
                            "sideband",
                            "domain",
                            "concurrent",
                            "config",
                            "protocol",
                            "dialect",
                            "relay",
                            "tenancy",
                            "auth",
                            "quota",
                            "ledger",
                            "upstream",
                            "session")),
            Map.entry(
                    "gateway",
                    Set.of(
                            "domain",
                            "concurrent",
                            "config",
                            "telemetry",
                            "protocol",
                            "dialect",
                            "relay",
                            "tenancy",
                            "auth",
                            "quota",
                            "ledger",
                            "session",
                            "turn",
                            "rest")),
            Map.entry(
                    "admin",
                    Set.of(
                            "administration",
                            "domain",
                            "concurrent",
                            "config",
                            "telemetry",
                            "protocol",
                            "tenancy",
                            "auth",
                            "quota",
                            "ledger",
                            "webhook",
                            "upstream",
                            "pool",
                            "content",
                            "session")),
            Map.entry("simulator", Set.of("conversation")),
            Map.entry("server", Set.of(EVERYTHING)),
            Map.entry("bench", Set.of(EVERYTHING)),
            Map.entry("cli", Set.of(EVERYTHING)));

    private static final JavaClasses CLASSES = new ClassFileImporter().importPath(Path.of("target/classes"));

    @Test
    void packagesImportOnlyWhatTheirRowLists() {
        Set<String> above = new TreeSet<>();
        Set<String> broken = new TreeSet<>();
        for (Map.Entry<String, Set<String>> row : LAW) {
            Set<String> allowed = row.getValue().contains(EVERYTHING) ? Set.copyOf(above) : row.getValue();
            assertThat(above)
                    .as("row " + row.getKey() + " lists only rows above it")
                    .containsAll(allowed);
            classesOf(row.getKey())
                    .forEach(origin -> namedBy(origin)
                            .filter(target -> !target.equals(row.getKey()) && !allowed.contains(target))
                            .forEach(target -> broken.add(origin.getName() + " -> " + target)));
            above.add(row.getKey());
        }
        assertThat(broken).as("imports against the order of packages").isEmpty();
    }

    @Test
    void everyPackageHasARowAndIsNullMarked() {
        Set<String> packages = CLASSES.stream()
                .map(ArchitectureTest::packageOf)
                .filter(name -> !name.isEmpty())
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(packages).isSubsetOf(LAW.stream().map(Map.Entry::getKey).toList());
        assertThat(packages)
                .allSatisfy(name -> assertThat(Path.of("src/main/java/dev/parley", name, "package-info.java"))
                        .satisfies(file -> assertThat(name.equals("launcher")
                                        || Files.readString(file).contains("@NullMarked"))
                                .isTrue()));
    }

    @Test
    void librariesStayInTheirPackages() {
        Set<String> broken = new TreeSet<>();
        confine("java.sql.", Set.of("store"), broken);
        confine("com.zaxxer.", Set.of("store"), broken);
        confine("org.flywaydb.", Set.of("store"), broken);
        confine("io.netty.", Set.of("relay"), broken);
        confine("io.vertx.core.internal.", Set.of("relay"), broken);
        confine("io.vertx.core.impl.", Set.of("relay"), broken);
        confine("io.vertx.core.http.impl.", Set.of("relay"), broken);
        confine("picocli.", Set.of("cli"), broken);
        confine("org.bouncycastle.", Set.of("administration"), broken);
        assertThat(broken).as("libraries outside their packages").isEmpty();
    }

    @Test
    void classesAreFinalSealedOrPlainData() {
        Set<String> open = CLASSES.stream()
                .filter(type -> !type.isInterface() && !type.isEnum() && !type.isRecord() && !type.isAnonymousClass())
                .filter(type -> type.getEnclosingClass().isEmpty())
                .filter(type -> !type.getModifiers().contains(JavaModifier.FINAL)
                        && !type.getModifiers().contains(JavaModifier.ABSTRACT)
                        && !type.reflect().isSealed())
                .map(JavaClass::getName)
                .filter(name -> !name.endsWith("package-info"))
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(open)
                .as("top-level classes that are open for extension without need")
                .isEmpty();
    }

    private static void confine(String library, Set<String> packages, Set<String> broken) {
        for (JavaClass origin : CLASSES) {
            if (!packages.contains(packageOf(origin))) {
                origin.getDirectDependenciesFromSelf().stream()
                        .map(dependency -> dependency
                                .getTargetClass()
                                .getBaseComponentType()
                                .getName())
                        .filter(name -> name.startsWith(library))
                        .forEach(name -> broken.add(origin.getName() + " -> " + name));
            }
        }
    }

    private static Stream<JavaClass> classesOf(String name) {
        return CLASSES.stream().filter(type -> packageOf(type).equals(name));
    }

    private static Stream<String> namedBy(JavaClass origin) {
        return origin.getDirectDependenciesFromSelf().stream()
                .map(dependency -> packageOf(dependency.getTargetClass().getBaseComponentType()))
                .filter(name -> !name.isEmpty());
    }

    private static String packageOf(JavaClass type) {
        String name = type.getPackageName();
        if (!name.startsWith(ROOT + ".")) {
            return "";
        }
        String below = name.substring(ROOT.length() + 1);
        int dot = below.indexOf('.');
        return dot < 0 ? below : below.substring(0, dot);
    }
}
