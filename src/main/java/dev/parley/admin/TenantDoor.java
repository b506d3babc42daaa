package dev.parley.admin;

import java.util.function.IntSupplier;

/**
 * Where this node's own tenant listener is.
 *
 * @param ports its port, once it listens
 */
public record TenantDoor(String host, IntSupplier ports, boolean tls) {
    int port() {
        return ports.getAsInt();
    }
}
