package dev.parley.config;

import org.jspecify.annotations.Nullable;

/**
 * This process.
 *
 * @param name recorded with each usage entry; the host's name by default
 * @param address where the other nodes reach its tenant plane; null: the listener's host, or this machine's address
 * @param demo whether a demo tenant is made and a token printed at start
 */
public record NodeConfig(String name, @Nullable String address, boolean demo) {}
