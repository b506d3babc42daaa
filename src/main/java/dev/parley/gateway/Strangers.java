package dev.parley.gateway;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts open sockets whose clients have not said who they are, and bounds them: on the node, and of one address. Thread-safe. */
final class Strangers {
    static final int NODE_MAX = 512;
    static final int ADDRESS_MAX = 32;

    private final AtomicInteger all = new AtomicInteger();
    private final ConcurrentMap<String, Integer> byAddress = new ConcurrentHashMap<>();

    /** Whether one more may come in; then it has to {@link #leave} once. */
    boolean admit(String address) {
        if (all.incrementAndGet() > NODE_MAX) {
            all.decrementAndGet();
            return false;
        }
        if (byAddress.merge(address, 1, Integer::sum) > ADDRESS_MAX) {
            leave(address);
            return false;
        }
        return true;
    }

    void leave(String address) {
        byAddress.computeIfPresent(address, (_, open) -> open == 1 ? null : open - 1);
        all.decrementAndGet();
    }

    int open() {
        return all.get();
    }
}
