package dev.parley.house;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The Grafana dashboard asks for metrics that there are. */
class DashboardTest {
    private static final Path DASHBOARD = Path.of("docker/grafana/dashboards/parley.json");
    private static final Pattern OWN = Pattern.compile("\\b(?:parley|gen_ai)_[a-z_]+");

    @Test
    void asksForDocumentedMetricsOnly() throws Exception {
        Set<String> documented = names(Files.readString(Path.of("src/docs/operations.md")));
        JsonArray panels = new JsonObject(Files.readString(DASHBOARD)).getJsonArray("panels");
        Set<String> asked = new TreeSet<>();
        panels.stream()
                .flatMap(panel -> ((JsonObject) panel).getJsonArray("targets", new JsonArray()).stream())
                .forEach(target -> asked.addAll(names(((JsonObject) target).getString("expr"))));

        assertThat(asked).hasSizeGreaterThan(20).isSubsetOf(documented);
    }

    private static Set<String> names(String text) {
        return OWN.matcher(text).results().map(match -> match.group()).collect(Collectors.toCollection(TreeSet::new));
    }
}
