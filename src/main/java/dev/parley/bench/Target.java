package dev.parley.bench;

import dev.parley.bench.LoadConnection.Destination;

/** What the clients connect to: nothing in between, nginx, or Parley. */
interface Target extends AutoCloseable {
    String name();

    Destination destination();

    /** What to know of it beside its name. */
    default String detail() {
        return "";
    }

    /** The process whose CPU and memory count. */
    long pid();

    /** Whether the process is something other than the upstream itself. */
    default boolean isProxy() {
        return true;
    }

    /** Gives back what is garbage before memory is read. */
    default void collectGarbage() throws BenchException {}

    @Override
    void close();

    /** The clients talk to the upstream itself. */
    record Direct(Destination destination, long pid) implements Target {
        @Override
        public String name() {
            return "direct";
        }

        @Override
        public boolean isProxy() {
            return false;
        }

        @Override
        public void close() {}
    }
}
