package dev.parley.store;

/** Hears what a slow start is doing, in words for people. Called on the thread that starts. */
@FunctionalInterface
public interface Progress {
    void report(String what);
}
