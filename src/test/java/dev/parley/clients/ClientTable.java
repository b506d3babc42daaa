package dev.parley.clients;

import dev.parley.clients.Scenario.Cell;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestWatcher;

/** Client by scenario: hears how each went and prints the table when all are over. Clients are the names of nested classes. */
final class ClientTable implements TestWatcher, AfterAllCallback {
    private static final String PASSED = "passed";
    private static final String FAILED = "FAILED";
    private static final String NOT_RUN = "-";

    private final Map<String, Map<Scenario, String>> rows = new TreeMap<>();
    private final List<String> footnotes = new ArrayList<>();

    @Override
    public void testSuccessful(ExtensionContext test) {
        put(test, PASSED);
    }

    @Override
    public void testFailed(ExtensionContext test, @Nullable Throwable cause) {
        put(test, FAILED);
    }

    /** A client that has no way to do it: the test says why, and the table repeats it. */
    @Override
    public void testAborted(ExtensionContext test, @Nullable Throwable cause) {
        footnotes.add(cause == null ? "no reason given" : Objects.toString(cause.getMessage()));
        put(test, "n/a (" + footnotes.size() + ")");
    }

    @Override
    public void afterAll(ExtensionContext ended) {
        if (ended.getRequiredTestClass().getEnclosingClass() == null) {
            System.out.println(this);
        }
    }

    private void put(ExtensionContext test, String outcome) {
        Cell cell = test.getRequiredTestMethod().getAnnotation(Cell.class);
        if (cell != null) {
            String client = test.getParent().orElseThrow().getDisplayName();
            rows.computeIfAbsent(client, _ -> new EnumMap<>(Scenario.class)).put(cell.value(), outcome);
        }
    }

    @Override
    public String toString() {
        int width = rows.keySet().stream().mapToInt(String::length).max().orElse(0);
        StringBuilder table = new StringBuilder(System.lineSeparator()).append(padded("client", width));
        for (Scenario scenario : Scenario.values()) {
            table.append(" | ").append(scenario.title());
        }
        rows.forEach((client, cells) -> {
            table.append(System.lineSeparator()).append(padded(client, width));
            for (Scenario scenario : Scenario.values()) {
                String outcome = cells.getOrDefault(scenario, NOT_RUN);
                table.append(" | ").append(padded(outcome, scenario.title().length()));
            }
        });
        for (int note = 0; note < footnotes.size(); note++) {
            table.append(System.lineSeparator()).append("(%d) %s".formatted(note + 1, footnotes.get(note)));
        }
        return table.append(System.lineSeparator()).toString();
    }

    private static String padded(String text, int width) {
        return text + " ".repeat(Math.max(0, width - text.length()));
    }
}
