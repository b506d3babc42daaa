package dev.parley.bench;

import io.vertx.core.json.JsonObject;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Collects what was measured and prints it. */
final class RelayReport {
    private static final String NGINX = "nginx";
    private static final String PARLEY = "Parley";

    private final Map<Integer, Map<String, List<Double>>> cpu = new TreeMap<>();
    private final Map<String, List<Latency>> latency = new LinkedHashMap<>();
    private final Map<String, Double> memory = new LinkedHashMap<>();
    private final List<String> names = new ArrayList<>();

    /** One round of the paced load, in microseconds. */
    record Latency(long count, double p50Micros, double p99Micros, double maxMicros, long lost) {}

    void header(PrintStream out, Core core, List<Target> targets, RelayBench.Options options) {
        targets.forEach(target -> names.add(target.name()));
        out.println("Java " + Runtime.version());
        targets.stream()
                .filter(target -> !target.detail().isEmpty())
                .forEach(target -> out.println(target.name() + ": " + target.detail()));
        out.println(
                core.taskset().isPresent()
                        ? "load, upstream and target pinned to core " + core.number()
                        : "taskset is missing: nothing is pinned, and the figures are worth less");
        out.println(options.rounds() + " rounds, windows of " + options.window().toMillis() + " ms, targets in turn");
    }

    void cpu(Target target, int size, JsonObject outcome) {
        // Each round trip is two relayed messages, one in each direction.
        double micros = outcome.getDouble("cpuSeconds") * 1e6 / (2.0 * outcome.getLong("roundTrips"));
        cpu.computeIfAbsent(size, _ -> new LinkedHashMap<>())
                .computeIfAbsent(target.name(), _ -> new ArrayList<>())
                .add(micros);
    }

    void latency(Target target, Latency outcome) {
        latency.computeIfAbsent(target.name(), _ -> new ArrayList<>()).add(outcome);
    }

    void memory(Target target, int pairs, long bytes) {
        memory.put(target.name(), bytes / 1024.0 / pairs);
    }

    void print(PrintStream out) {
        printCpu(out);
        printLatency(out);
        printMemory(out);
        printRatios(out);
    }

    private void printCpu(PrintStream out) {
        out.println();
        out.println(
                "CPU microseconds per relayed message (closed loop, median of the rounds; direct: the upstream's own)");
        row(out, "", names);
        cpu.keySet()
                .forEach(size -> row(
                        out,
                        size / 1024 + " KB",
                        names.stream().map(name -> figure(cpu(name, size))).toList()));
    }

    private void printLatency(PrintStream out) {
        out.println();
        out.println("round trip in microseconds (paced, from when due; the round with the lowest p99)");
        row(out, "", names);
        row(
                out,
                "p50",
                names.stream().map(name -> figure(best(name).p50Micros())).toList());
        row(
                out,
                "p99",
                names.stream().map(name -> figure(best(name).p99Micros())).toList());
        row(
                out,
                "added p50",
                names.stream().map(name -> figure(added(name, false))).toList());
        row(
                out,
                "added p99",
                names.stream().map(name -> figure(added(name, true))).toList());
    }

    private void printMemory(PrintStream out) {
        out.println();
        out.println("resident KB per idle session pair (after garbage collection)");
        row(out, "", List.copyOf(memory.keySet()));
        row(out, "", memory.values().stream().map(RelayReport::figure).toList());
    }

    private void printRatios(PrintStream out) {
        out.println();
        out.println("Parley / nginx");
        if (!names.contains(NGINX)) {
            out.println("  no nginx, no ratios");
            return;
        }
        cpu.keySet().forEach(size -> ratio(out, "CPU at " + size / 1024 + " KB", cpu(PARLEY, size) / cpu(NGINX, size)));
        ratio(out, "round trip p50", best(PARLEY).p50Micros() / best(NGINX).p50Micros());
        ratio(out, "round trip p99", best(PARLEY).p99Micros() / best(NGINX).p99Micros());
        ratio(out, "memory", memory.getOrDefault(PARLEY, Double.NaN) / memory.getOrDefault(NGINX, Double.NaN));
    }

    private double added(String name, boolean p99) {
        Latency direct = best(names.getFirst());
        Latency mine = best(name);
        return p99 ? mine.p99Micros() - direct.p99Micros() : mine.p50Micros() - direct.p50Micros();
    }

    private Latency best(String name) {
        return latency.getOrDefault(name, List.of()).stream()
                .min(Comparator.comparingDouble(Latency::p99Micros))
                .orElse(new Latency(0, Double.NaN, Double.NaN, Double.NaN, 0));
    }

    private double cpu(String name, int size) {
        List<Double> sorted = cpu.getOrDefault(size, Map.of()).getOrDefault(name, List.of()).stream()
                .sorted()
                .toList();
        if (sorted.isEmpty()) {
            return Double.NaN;
        }
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }

    private static void ratio(PrintStream out, String what, double value) {
        out.println(String.format(Locale.ROOT, "  %-16s %6.2f", what, value));
    }

    private static void row(PrintStream out, String first, List<String> cells) {
        StringBuilder line = new StringBuilder(String.format(Locale.ROOT, "  %-12s", first));
        cells.forEach(cell -> line.append(String.format(Locale.ROOT, "%10s", cell)));
        out.println(line.toString().stripTrailing());
    }

    private static String figure(double value) {
        return String.format(Locale.ROOT, value < 10 ? "%.2f" : value < 100 ? "%.1f" : "%.0f", value);
    }
}
